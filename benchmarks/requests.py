"""Requests per second through a real server, verified, with ``wrk`` on the same machine.

One worker process of each server; the same Starlette app bare, with ours, with the official receiver in its handler,
and with the floor of ``verify`` there: hashing and parsing alone. wrk counts answers that are no 2xx, of which there
may be none; that a forged request is refused is asked before.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx

from tests.server.destination import free_port

from .measure import ratio
from .table import Row, at_least
from .tokens import KIB, ORIGIN, WRONG, token

CONNECTIONS = 16
SECONDS = 2
ROUNDS = 5
SIDES = ("bare", "ours", "official", "floor")
SERVERS: dict[str, Callable[[str, int], list[str]]] = {
    "uvicorn": lambda app, port: ["uvicorn", app, "--port", str(port), "--log-level", "warning", "--no-access-log"],
    "granian": lambda app, port: ["granian", app, "--interface", "asgi", "--port", str(port), "--no-ws"],
}


def measure() -> list[Row]:
    if shutil.which("wrk") is None:
        raise SystemExit("the benchmark 'requests' needs wrk, which is a package of that name in Debian")
    return [_row(server) for server in SERVERS]


def _row(server: str) -> Row:
    rates: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(ROUNDS):
        for side in SIDES:
            with serving(server, side) as port:
                rates[side].append(_rate(port, side))
    bare, ours, peer, floor = (median(rates[side]) for side in SIDES)
    of_floor, spread = ratio(rates, lambda one: one["ours"] / one["floor"])
    told = f"of the app that hashes and parses ({ours / bare:.2f} of the bare app's {bare:,.0f})"
    ratios = [at_least(of_floor, 0.85, told, spread)]
    return Row("requests", f"verified requests, {server}", "per second", ours, peer, floor, ratios)


def _rate(port: int, side: str) -> float:
    url = f"http://127.0.0.1:{port}/{side}"
    for key, expected in ((None, 200), (WRONG, 401 if side in ("ours", "official") else 200)):
        sent = httpx.post(url, content=KIB, headers=_headers(side, key), trust_env=False)
        assert sent.status_code == expected, sent
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        headers = "".join(
            f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n" for name, value in _headers(side).items()
        )
        script.write(f'wrk.method = "POST"\nwrk.body = "{KIB.decode()}"\n{headers}')
        script.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", script.name, url]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in printed, printed
    assert "Socket errors" not in printed, printed
    found = re.search(r"Requests/sec:\s*([\d.]+)", printed)
    assert found, printed
    return float(found[1])


def _headers(side: str, key: str | None = None) -> dict[str, str]:
    url = f"{ORIGIN}/{side}"
    return {
        "Upstash-Signature": token(url=url, key=key) if key else token(url=url),
        "Upstash-Message-Id": "msg_26hZCxZCuWyyTWPmSVBrNB882AMbwQS9E",
    }


@contextmanager
def serving(server: str, side: str) -> Generator[int]:
    """The port of a server with one side of the Starlette app."""
    port = free_port()
    module = f"{__package__}.apps.starlette:{side}"
    command = [sys.executable, "-m", *SERVERS[server](module, port)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parent.parent)
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"{process.args} ended with {process.returncode}")
