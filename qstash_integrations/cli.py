"""The command line: ``qstash-integrations dev`` and what else stands in ``COMMANDS``.

Imports what a command needs when it runs, so that a missing extra only stops the commands that need it.
"""

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._core.errors import QStashError

if TYPE_CHECKING:
    from .server.app import LocalServer, ServerConfig
    from .server.model import Quota

INTERRUPTED = 130  # what shells say of a program that Ctrl+C ended
NOBODY_READS = 141  # and of one whose output nobody reads any more
QUOTAS: Sequence["Quota"] = ("free", "payg", "pro")
_MADE_UP = object()  # of the option --read-only-token alone
Commands = Any  # what add_subparsers returns has no public type


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. What went wrong is one line on stderr."""
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output has gone, as ``| head`` does: what is left of it goes nowhere, also when Python ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS


def _run(arguments: Sequence[str]) -> int:
    parser = parser_of_all()
    own, program = _split(arguments)
    if own[:1] == ["schedules"]:
        from .schedules.verbs import wrong_usage_fails

        wrong_usage_fails(parser)  # what a verb does not know is for the whole to say
    options = parser.parse_args(own)
    if program is not None:
        if getattr(options, "run", None) is not dev:
            parser.error("only dev runs a program of yours, as in: qstash-integrations dev -- flask run")
        options.program = program
    if "run" not in options:
        parser.print_help(sys.stderr)
        return 2
    try:
        return int(options.run(options))
    except QStashError as error:
        sys.stderr.write(f"qstash-integrations: {error}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def parser_of_all() -> argparse.ArgumentParser:
    """Of every command."""
    parser = argparse.ArgumentParser(prog="qstash-integrations", description="QStash for Python web apps.")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(metavar="command")
    for add in COMMANDS:
        add(commands)
    return parser


def add_dev(commands: Commands) -> None:
    parser = commands.add_parser(
        "dev",
        help="run a local QStash",
        usage="%(prog)s [options] [-- COMMAND ...]",
        description="A QStash for this machine: the same API, signatures and retries.",
        epilog="After -- stands the command that starts your app, as in %(prog)s -- flask run. It runs with the "
        "settings of this QStash in its environment; when one of the two ends, so does the other.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    # As the official server spells it, and its variables, which the JavaScript SDK reads as well.
    parser.add_argument(
        "--port", "-port", type=_port, metavar="PORT", help="port, 0 for a free one (default: QSTASH_DEV_PORT, or 8080)"
    )
    parser.add_argument(
        "--quota",
        "-quota",
        choices=QUOTAS,
        help="refuse what is over the limits of this plan (default: QSTASH_DEV_QUOTA, or what any of them takes)",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that requests may be addressed to as well, such as that of a container; with a --host that others "
        "reach, the printed QSTASH_URL has the first one; may be repeated",
    )
    parser.add_argument(
        "--published-credentials",
        action="store_true",
        help="with a --host that others reach: everybody on that network may use this QStash, with the token and keys "
        "that its documentation prints",
    )
    parser.add_argument(
        "--read-only-token",
        nargs="?",
        const=_MADE_UP,
        metavar="TOKEN",
        help="have a token with which one may look at everything and change nothing; without TOKEN it is made up",
    )
    parser.add_argument("--db", type=Path, metavar="FILE", help="keep everything in this file (default: in memory)")
    parser.add_argument(
        "--allow-private",
        action="store_true",
        help="deliver to private addresses although other machines can reach the server",
    )
    parser.add_argument(
        "--rewrite",
        action="append",
        default=[],
        type=_pair,
        metavar="ORIGIN=ORIGIN",
        help="deliver what is addressed to the first origin to the second one, signed for the first; may be repeated:"
        " --rewrite https://api.example.com=http://127.0.0.1:8000",
    )
    parser.add_argument(
        "--keep", type=_span, metavar="DURATION", help="how long finished messages and their log stay (default: 3d)"
    )
    parser.add_argument(
        "--keep-dead-letters", type=_span, metavar="DURATION", help="how long dead letters stay (default: 7d)"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object per line, for machines")
    parser.add_argument(
        "--allow-production", action="store_true", help="start although a variable such as ENV says production"
    )
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="where this QStash finds your app, for QSTASH_PUBLIC_URL (default: the one in the environment; after -- "
        "where well-known servers listen)",
    )
    parser.add_argument(
        "--write-env", type=Path, metavar="FILE", help="write the settings to this file as well, such as .env"
    )
    parser.set_defaults(run=dev, program=[])


def dev(options: argparse.Namespace) -> int:
    """Run the local server until it is interrupted."""
    try:
        from .server.app import (
            AppProcess,
            EnvFile,
            ForMachines,
            ForPeople,
            Printer,
            environment,
            logging_to,
            run,
            shows_colours,
            width_of,
        )
    except ImportError as error:
        raise QStashError(
            f"the local server needs {error.name}; install it with: pip install 'qstash_integrations[server]'"
        ) from error
    public_url = _public_url(options)
    app = AppProcess(options.program) if options.program else None
    file = EnvFile(options.write_env, names=options.allow_host) if options.write_env else None
    with Printer(sys.stdout) as say, Printer(sys.stderr) as complain, logging_to(complain):
        people = ForPeople(
            say,
            colour=shows_colours(sys.stdout),
            width=width_of(sys.stdout),
            rewrites=options.rewrite,
            public_url=public_url,
            written_to=options.write_env and str(options.write_env),
            command=options.program,
        )
        console = ForMachines(say) if options.json else people

        def started(server: "LocalServer") -> None:
            if file is not None:
                file.write(environment(server, public_url))
            console.started(server)

        return run(
            dev_config(options),
            started=started,
            watch=console.delivered,
            follow=console.happened,
            app=app,
            public_url=public_url,
        )


def _dev_port() -> int:
    """That of the environment; what is no positive number there counts for nothing, as in the official SDK."""
    text = os.environ.get("QSTASH_DEV_PORT", "").strip()
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        return 8080
    try:
        return _port(text)
    except argparse.ArgumentTypeError as error:
        raise QStashError(f"QSTASH_DEV_PORT: {error}") from error


def _dev_quota() -> "Quota | None":
    text = os.environ.get("QSTASH_DEV_QUOTA", "").strip()
    plans: dict[str, Quota] = {quota: quota for quota in QUOTAS}
    chosen = plans.get(text)
    if text and chosen is None:
        raise QStashError(f"QSTASH_DEV_QUOTA: {text!r} is no plan; it must be one of {', '.join(QUOTAS)}")
    return chosen


def _public_url(options: argparse.Namespace) -> str | None:
    """What the app is to be told, unless it knows by itself."""
    from ._core.public_urls import public_urls
    from .server.app import public_url_of

    if options.public_url is not None:
        url = ",".join(public_urls(options.public_url, "--public-url"))
        if options.write_env and shlex.quote(url) != url:
            raise QStashError("--public-url has characters that a shell would not take as they are from --write-env")
        return url
    if not options.program or os.environ.get("QSTASH_PUBLIC_URL"):
        return None
    return public_url_of(options.program)


def dev_config(options: argparse.Namespace) -> "ServerConfig":
    """How the server is to run, as the options of ``dev`` say."""
    from .server.app import Limits, Retention, ServerConfig
    from .server.identifiers import password

    kept = {"messages": options.keep, "dead_letters": options.keep_dead_letters}
    return ServerConfig(
        host=options.host,
        port=_dev_port() if options.port is None else options.port,
        allow_hosts=options.allow_host,
        published_credentials=options.published_credentials,
        read_only_token=options.read_only_token if options.read_only_token != _MADE_UP else password(),
        limits=Limits.of_quota(options.quota or _dev_quota()),
        db=options.db,
        network="local" if options.allow_private else None,
        rewrites=options.rewrite,
        retention=Retention(**{name: seconds for name, seconds in kept.items() if seconds is not None}),
        allow_production=options.allow_production,
    )


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
    from .testing.signing import signed_request

    _say(signed_request(options.url, options.body, options.claim, method=options.method, curl=options.curl))
    return 0


def add_publish_many(commands: Commands) -> None:
    parser = commands.add_parser(
        "publish-many",
        help="publish every line of a file",
        description="Publishes each line of JSON as a message of its own, with the QSTASH_TOKEN that is set here.",
    )
    parser.add_argument("--url", required=True, type=_url, help="the destination of the messages")
    parser.add_argument(
        "--json-lines", default="-", metavar="FILE", help="a file with JSON in each line, - for stdin (default: stdin)"
    )
    parser.add_argument(
        "--chunk-size", type=_count, default=100, metavar="N", help="messages per call to QStash (default: %(default)s)"
    )
    parser.add_argument("--progress", action="store_true", help="show a bar on stderr, if that is a terminal")
    parser.set_defaults(run=publish_many)


def publish_many(options: argparse.Namespace) -> int:
    """Publish the lines; 0 only when QStash has accepted all of them."""
    from .json_lines import publish_lines

    count = publish_lines(options.url, options.json_lines, chunk_size=options.chunk_size, progress=options.progress)
    _say(f"{count} message{'' if count == 1 else 's'} published")
    return 0


def add_schedules(commands: Commands) -> None:
    parser = commands.add_parser(
        "schedules",
        help="compare the schedules in your code with QStash's, and make them alike",
        description="Schedules of an app, as its code says.",
    )
    from .schedules.verbs import add_verbs

    add_verbs(parser, _add_app)
    parser.set_defaults(run=schedules)


def _add_app(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--app",
        metavar="MODULE[:NAME]",
        help="your app, of whatever framework, or a module with schedules (default: the Django project of "
        "DJANGO_SETTINGS_MODULE)",
    )


def schedules(options: argparse.Namespace) -> int:
    """Run a verb of ``schedules``; its exit code."""
    try:
        from .located import located
        from .schedules.commands import run
        from .schedules.terminal import Terminal
    except ImportError as error:
        raise QStashError(str(error)) from error
    with contextlib.ExitStack() as stack:  # entered only when a verb asks for the app
        return run(options, lambda: stack.enter_context(located(options.app)), Terminal.of_process())


def add_outbox(commands: Commands) -> None:
    parser = commands.add_parser(
        "outbox",
        help="send what an outbox still has, and look after it",
        description="Messages that were written in transactions, until QStash has them.",
    )
    from .outbox.verbs import add_verbs

    add_verbs(parser, _add_outbox)
    parser.set_defaults(run=outbox)


def _add_outbox(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--outbox",
        required=True,
        metavar="MODULE[:NAME]",
        help="your outbox, such as shop.db:outbox; in a Django project there is manage.py qstash_outbox",
    )


def outbox(options: argparse.Namespace) -> int:
    """Run a verb of ``outbox``; its exit code."""
    from .outbox.commands import run
    from .outbox.finding import located_outbox
    from .schedules.terminal import Terminal

    return run(options, lambda: located_outbox(options.outbox), Terminal.of_process())


def add_inbox(commands: Commands) -> None:
    parser = commands.add_parser(
        "inbox",
        help="delete marks of messages that no message can need any more",
        description="Marks of messages whose work is committed.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    for name, said in (("prune", "delete the marks that are older than the inbox keeps them"), ("stats", "count them")):
        verb = verbs.add_parser(name, help=said)
        verb.add_argument(
            "--inbox",
            required=True,
            metavar="MODULE[:NAME]",
            help="your inbox, made with engine=, such as shop.db:inbox; in a Django project there is manage.py "
            "qstash_inbox",
        )
        verb.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=inbox)


def inbox(options: argparse.Namespace) -> int:
    """Run a verb of ``inbox``; its exit code."""
    try:
        from .inbox import shown
        from .sqlalchemy.command import counts_of, inbox_named
    except ImportError as error:
        raise QStashError(str(error)) from error
    counts = counts_of(inbox_named(options.inbox), options.verb)
    sys.stdout.write(f"{shown(counts, as_json=options.json)}\n")
    return 0


COMMANDS: Sequence[Callable[[Commands], None]] = (
    add_dev, add_demo, add_sign, add_publish_many, add_schedules, add_outbox, add_inbox,
)  # fmt: skip


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        _say(f"{parser.prog.split()[0]} {version('qstash_integrations')}")
        parser.exit()


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], list[str] | None]:
    """What stands before the first ``--``, and behind it; None where there is none."""
    if "--" not in arguments:
        return arguments, None
    index = list(arguments).index("--")
    return arguments[:index], list(arguments[index + 1 :])


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    # A program that waits for a line should see it.
    sys.stdout.flush()


def _url(text: str) -> str:
    from ._core.publishing.inputs import check_url

    try:
        return check_url(text, "it")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    count = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of messages: it must be 1 or more")
    return count


def _span(text: str) -> float:
    """Seconds, not less than the server keeps everything for."""
    from ._core.durations import parse_duration

    try:
        seconds = parse_duration(text, "it").total_seconds()
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if seconds < 60:
        raise argparse.ArgumentTypeError(f"{text!r} is too short: it must be 1m or more")
    return seconds


def _pair(text: str) -> tuple[str, str]:
    addressed, equals, delivered = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no pair of origins: put = between them")
    return addressed, delivered


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: it must be between 0 and 65535")
    return port
