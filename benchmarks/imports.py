"""How long a fresh process takes until it has a ``Receiver``: what a cold start on a serverless host waits for.

Each statement runs in an interpreter of its own; what the interpreter alone takes is subtracted. Bytecode is cached, as
it is in an installed package.
"""

import subprocess
import sys

from .measure import seconds_of
from .table import Row, at_most

WAYS = {
    "nothing": "pass",
    "ours": "from qstash_integrations import Receiver",
    "peer": "from qstash import Receiver",
    "floor": "import hmac, hashlib, json, base64",
}
MS = 1e3


def measure() -> list[Row]:
    found = seconds_of({name: lambda code=code: _run(code) for name, code in WAYS.items()}, rounds=15)
    ours, peer, floor = (found[side] - found["nothing"] for side in ("ours", "peer", "floor"))
    ratios = [at_most(ours / peer, 0.07, "of the peer"), at_most(ours / floor, 3, "times the floor")]
    return [Row("imports", "import of Receiver", "ms", ours * MS, peer * MS, floor * MS, ratios)]


def _run(code: str) -> None:
    # -I: an installed package is not looked for in the directory that one happens to stand in.
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
