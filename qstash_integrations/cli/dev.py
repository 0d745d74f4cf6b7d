"""``dev``: a QStash for this machine, and perhaps the program beside it.

Spec: https://click.palletsprojects.com/en/stable/options/
"""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from .._core.errors import QStashError
from ..verbs.verb import Session, Verb, read_by, verb
from .console import version_option

if TYPE_CHECKING:
    from ..server.app import LocalServer, ServerConfig
    from ..server.model import Quota

QUOTAS: Sequence["Quota"] = ("free", "payg", "pro")
_MADE_UP = "a token that is made up"
_PROGRAM = "qstash_integrations.program"
Options: TypeAlias = SimpleNamespace


class Plain(Verb):
    """About no app."""

    is_about_app = False


class _Dev(Plain):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What stands behind the first ``--`` is a program of the user's."""
        if "--" in args:
            at = args.index("--")
            args, ctx.meta[_PROGRAM] = args[:at], args[at + 1 :]
            if not ctx.meta[_PROGRAM]:
                raise click.UsageError("after -- stands the command that starts your app, as in -- flask run", ctx)
        return super().parse_args(ctx, args)


def port_of(text: str) -> int:
    """0 is a free one."""
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else -1
    if not 0 <= port <= 65535:
        raise ValueError(f"{text!r} is no port: it must be between 0 and 65535")
    return port


def _kept(text: str) -> float:
    """Seconds, not less than the server keeps everything for."""
    from .._core.durations import parse_duration

    seconds = parse_duration(text, "it").total_seconds()
    if seconds < 60:
        raise ValueError(f"{text!r} is too short: it must be 1m or more")
    return seconds


def _pair(text: str) -> tuple[str, str]:
    addressed, equals, delivered = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is no pair of origins: put = between them")
    return addressed, delivered


@verb(
    None,
    "dev",
    cls=_Dev,
    codes="After -- stands the command that starts your app, as in dev -- flask run. It runs "
    "with the settings of this QStash in its environment; when one of the two ends, so does the other.",
)
@version_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
# As the official server spells it, and its variables, which the JavaScript SDK reads as well.
@click.option(
    "--port",
    "-port",
    type=read_by(port_of),
    metavar="PORT",
    help="Port, 0 for a free one; QSTASH_DEV_PORT, or 8080 by default.",
)
@click.option(
    "--quota",
    "-quota",
    type=click.Choice(QUOTAS),
    help="Refuse what is over the limits of this plan; QSTASH_DEV_QUOTA, or what any takes by default.",
)
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="A name that requests may be addressed to as well, such as that of a container; with a --host that others "
    "reach, the printed QSTASH_URL has the first one; may be repeated.",
)
@click.option(
    "--published-credentials",
    is_flag=True,
    help="With a --host that others reach: everybody on that network may use this QStash, with the token and keys "
    "that its documentation prints.",
)
@click.option(
    "--read-only-token",
    is_flag=False,
    flag_value=_MADE_UP,
    metavar="[TOKEN]",
    help="Have a token with which one may look at everything and change nothing; without TOKEN it is made up.",
)
@click.option(
    "--db", type=click.Path(path_type=Path), metavar="FILE", help="Keep everything in this file; in memory by default."
)
@click.option(
    "--allow-private", is_flag=True, help="Deliver to private addresses although other machines can reach the server."
)
@click.option(
    "--rewrite",
    multiple=True,
    type=read_by(_pair),
    metavar="ORIGIN=ORIGIN",
    help="Deliver what is addressed to the first origin to the second one, signed for the first; may be repeated: "
    "--rewrite https://api.example.com=http://127.0.0.1:8000",
)
@click.option(
    "--keep",
    type=read_by(_kept),
    metavar="DURATION",
    help="How long finished messages and their log stay; 3d by default.",
)
@click.option(
    "--keep-dead-letters", type=read_by(_kept), metavar="DURATION", help="How long dead letters stay; 7d by default."
)
@click.option("--json", is_flag=True, help="Print a JSON object per line, for machines.")
@click.option("--allow-production", is_flag=True, help="Start although a variable such as ENV says production.")
@click.option(
    "--public-url",
    metavar="URL",
    help="Where this QStash finds your app, for QSTASH_PUBLIC_URL; the one in the environment by default, and after -- "
    "where well-known servers listen.",
)
@click.option(
    "--write-env",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the settings to this file too, such as .env.",
)
def command(session: Session, **given: Any) -> int:
    """Run a local QStash.

    A QStash for this machine: the same API, signatures and retries.
    """
    return dev(_options(click.get_current_context(), given))


def options_of(arguments: Sequence[str]) -> Options:
    """As a command line says them, without running anything."""
    context = command.make_context("dev", list(arguments))
    return _options(context, context.params)


def _options(context: click.Context, given: dict[str, Any]) -> Options:
    lists = {name: list(given[name]) for name in ("allow_host", "rewrite")}
    return Options(**{**given, **lists, "program": context.meta.get(_PROGRAM, [])})


def dev(options: Options) -> int:
    """Run the local server until it is interrupted."""
    try:
        from ..server.app import (
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
        return port_of(text)
    except ValueError as error:
        raise QStashError(f"QSTASH_DEV_PORT: {error}") from error


def _dev_quota() -> "Quota | None":
    text = os.environ.get("QSTASH_DEV_QUOTA", "").strip()
    plans: dict[str, Quota] = {quota: quota for quota in QUOTAS}
    chosen = plans.get(text)
    if text and chosen is None:
        raise QStashError(f"QSTASH_DEV_QUOTA: {text!r} is no plan; it must be one of {', '.join(QUOTAS)}")
    return chosen


def _public_url(options: Options) -> str | None:
    """What the app is to be told, unless it knows by itself."""
    from .._core.public_urls import public_urls
    from ..server.app import public_url_of

    if options.public_url is not None:
        url = ",".join(public_urls(options.public_url, "--public-url"))
        if options.write_env and shlex.quote(url) != url:
            raise QStashError("--public-url has characters that a shell would not take as they are from --write-env")
        return url
    if not options.program or os.environ.get("QSTASH_PUBLIC_URL"):
        return None
    return public_url_of(options.program)


def dev_config(options: Options) -> "ServerConfig":
    """How the server is to run, as the options of ``dev`` say."""
    from ..server.app import Limits, Retention, ServerConfig
    from ..server.identifiers import password

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


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    # A program that waits for a line should see it.
    sys.stdout.flush()
