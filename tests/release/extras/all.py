"""Extra ``all``: every adapter can be imported beside the others, and the program knows its version.

That the demo runs with it, the tox environment ``demo`` shows.
"""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

for name in ("aiohttp", "asgi", "fastapi", "flask", "once", "schedules", "sqlalchemy", "starlette", "tasks"):
    assert import_module(f"qstash_integrations.{name}").__doc__

program = Path(sys.executable).with_name("qstash-integrations")
ended = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
assert version("qstash_integrations") in ended.stdout, ended.stderr
