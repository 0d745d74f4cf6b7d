"""The command line: ``qstash-integrations dev`` and what else stands in ``COMMANDS``.

Imports what a command needs when it runs, so that a missing extra only stops the commands that need it.
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._core.errors import QStashError

if TYPE_CHECKING:
    from .server.app import LocalServer
    from .server.worker import Attempt

Commands = Any  # what add_subparsers returns has no public type


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. What went wrong is one line on stderr."""
    parser = argparse.ArgumentParser(prog="qstash-integrations", description="QStash for Python web apps.")
    commands = parser.add_subparsers(metavar="command")
    for add in COMMANDS:
        add(commands)
    options = parser.parse_args(arguments)
    if "run" not in options:
        parser.print_help(sys.stderr)
        return 2
    try:
        return int(options.run(options))
    except QStashError as error:
        sys.stderr.write(f"qstash-integrations: {error}\n")
        return 1


def add_dev(commands: Commands) -> None:
    parser = commands.add_parser(
        "dev", help="run a local QStash", description="A QStash for this machine: the same API, signatures and retries."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="port, 0 for a free one (default: %(default)s)")
    parser.add_argument("--db", type=Path, metavar="FILE", help="keep everything in this file (default: in memory)")
    parser.add_argument(
        "--allow-private",
        action="store_true",
        help="deliver to private addresses although other machines can reach the server",
    )
    parser.set_defaults(run=dev)


def dev(options: argparse.Namespace) -> int:
    """Run the local server until it is interrupted."""
    try:
        from .server.app import ServerConfig, run
    except ImportError as error:
        raise QStashError(
            f"the local server needs {error.name}; install it with: pip install 'qstash_integrations[server]'"
        ) from error
    config = ServerConfig(
        host=options.host,
        port=options.port,
        db=options.db,
        network="local" if options.allow_private else None,
    )
    return run(config, started=_announce, watch=_report())


def add_demo(commands: Commands) -> None:
    parser = commands.add_parser(
        "demo",
        help="watch four frameworks receive verified messages",
        description="Starts a local QStash and an example app in each framework, and shows what passes between them.",
    )
    parser.set_defaults(run=demo)


def demo(options: argparse.Namespace) -> int:
    """Run the demo; 0 only when all of it really happened."""
    try:
        from .demo import run
    except ImportError as error:
        raise QStashError(
            f"the demo needs {error.name}; install it with: pip install 'qstash_integrations[all]'"
        ) from error
    return run(_say)


def add_sign(commands: Commands) -> None:
    parser = commands.add_parser(
        "sign",
        help="print the headers of a signed request",
        description="A request as QStash would make it, for the app whose QSTASH_CURRENT_SIGNING_KEY is set here.",
    )
    parser.add_argument("--url", required=True, type=_url, help="the URL that the app is published under")
    parser.add_argument("--body", default="", metavar="TEXT", help="a text, @FILE, or @- for stdin (default: empty)")
    parser.add_argument("--method", default="POST", help="for --curl (default: %(default)s)")
    parser.add_argument(
        "--claim", action="append", default=[], metavar="NAME=VALUE", help="make a claim wrong: exp=0, or jti=null"
    )
    parser.add_argument("--curl", action="store_true", help="print a curl command instead")
    parser.set_defaults(run=sign)


def sign(options: argparse.Namespace) -> int:
    """Print the headers or the curl command."""
    from .testing.command import signed_request

    _say(signed_request(options.url, options.body, options.claim, method=options.method, curl=options.curl))
    return 0


COMMANDS: Sequence[Callable[[Commands], None]] = (add_dev, add_demo, add_sign)


def _announce(server: "LocalServer") -> None:
    """What to copy; the first line is what the official JavaScript SDK waits for."""
    _say(f"QStash is running at {server.url}")
    _say("")
    _say(f"QSTASH_URL={server.url}")
    _say(f"QSTASH_TOKEN={server.token}")
    _say(f"QSTASH_CURRENT_SIGNING_KEY={server.keys.current}")
    _say(f"QSTASH_NEXT_SIGNING_KEY={server.keys.next}")
    _say("")
    _say(f"curl -X POST {server.url}/v2/publish/http://127.0.0.1:8000/hooks/example \\")
    _say(f"     -H 'Authorization: Bearer {server.token}' -d 'hello'")
    _say("")
    if not server.is_loopback:
        _say("Other machines can reach this server, and whoever has the token can use it.")


def _report() -> "Callable[[Attempt], None]":
    """A line per delivery; coloured on a terminal only."""
    from .server.worker import line

    colour = sys.stdout.isatty()

    def report(attempt: "Attempt") -> None:
        # A terminal that is gone, or that cannot show a character, does not stop deliveries.
        with contextlib.suppress(OSError, ValueError):
            _say(f"{time.strftime('%H:%M:%S')}  {line(attempt, colour=colour)}")

    return report


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    # A program that waits for a line should see it.
    sys.stdout.flush()


def _url(text: str) -> str:
    from ._core.inputs import check_url

    try:
        return check_url(text, "it")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: it must be between 0 and 65535")
    return port
