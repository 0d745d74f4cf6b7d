"""Processes that are forked off one which has imported everything: each starts in a tenth of a second, as itself.

Nothing is shared: each has an environment, a directory, modules and a log of its own.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.waiting import wait_until

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.doctor.imported"])
Target = Callable[..., None]


def ended(target: Target, place: Path, environ: Mapping[str, str], *args: Any) -> tuple[int, str, str]:
    """The exit code of ``target(*args)``, its output and what it complains of."""
    out, err = place / "out", place / "err"
    process = _CONTEXT.Process(target=_begin, args=(target, place, dict(environ), (out, err), args))
    process.start()
    process.join(120)
    assert process.exitcode is not None, f"{target.__name__} does not end"
    return process.exitcode, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")


@contextmanager
def running(
    target: Target, place: Path, environ: Mapping[str, str], *args: Any, ready: Callable[[], bool]
) -> Generator[None]:
    """``target(*args)``, as long as the block takes."""
    log = place / f"{target.__name__}.log"
    process = _CONTEXT.Process(target=_begin, args=(target, place, dict(environ), (log, log), args), daemon=True)
    process.start()
    try:
        wait_until(lambda: ready() or process.exitcode is not None)
        assert process.exitcode is None, log.read_text(encoding="utf-8")
        yield
    finally:
        process.terminate()
        process.join(20)


def serve_asgi(port: int) -> None:
    import uvicorn

    uvicorn.run(_app(), host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)


def serve_wsgi(port: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Site(BaseApplication):
        def load_config(self) -> None:
            for name, value in {
                "bind": f"127.0.0.1:{port}", "worker_class": "gthread", "threads": 4, "graceful_timeout": 0,
                "control_socket_disable": True,
            }.items():  # fmt: skip
                self.cfg.set(name, value)

        def load(self) -> Any:
            return _app()

    Site().run()


def serve_aiohttp(port: int) -> None:
    from aiohttp import web

    web.run_app(_app(), host="127.0.0.1", port=port, shutdown_timeout=0.1)


def serve_qstash(port: int) -> None:
    from qstash_integrations import cli

    sys.exit(cli.main(["dev", "--port", str(port)]))


def run_command(*arguments: str) -> None:
    from qstash_integrations import cli

    sys.exit(cli.main(arguments))


def _app() -> Any:
    # A clock that is wrong, as on a machine without NTP.
    off, true = float(os.environ.get("CLOCK_OF_A_TEST", "0")), time.time
    if off:
        time.time = lambda: true() + off
    sys.path.insert(0, os.getcwd())
    return getattr(__import__("shop"), "app")  # noqa: B009


def _begin(target: Target, place: Path, environ: dict[str, str], streams: tuple[Path, Path], args: Any) -> None:
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(place)
    for number, path in enumerate(streams, 1):
        with path.open("ab") as file:
            os.dup2(file.fileno(), number)
    # Multiprocessing keeps quiet about what it cannot preload, and each process would import all of it for itself.
    import tests.doctor.imported  # noqa: F401

    target(*args)
