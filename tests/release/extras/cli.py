"""Extra ``cli``: the commands, without any framework; rich draws the tables."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import rich

assert rich
ours = [sys.executable, "-m", "qstash_integrations"]
signed = subprocess.run(
    [*ours, "sign", "--url", "https://shop.example/ship", "--body", "{}"],
    capture_output=True,
    text=True,
    timeout=60,
    check=False,
)
assert signed.returncode == 0, signed.stderr
assert signed.stdout.lower().startswith("upstash-signature: "), signed.stdout

# A terminal, on which the doctor tells its stages in a table.
Path("shop.py").write_text("async def app(scope, receive, send): ...", encoding="utf-8")
leader, follower = pty.openpty()
told = subprocess.run([*ours, "doctor", "--offline", "--app", "shop:app"], stdout=follower, timeout=60, check=False)
os.close(follower)
assert told.returncode in (0, 1), told
assert "STAGE" in os.read(leader, 100_000).decode().upper()
