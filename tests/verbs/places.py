"""The three command lines, each with its framework's own runner and an app of its own at a QStash in this process."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from inspect import signature
from io import StringIO
from typing import Any, NamedTuple

from click.testing import CliRunner
from django.core.management import call_command
from django.test import override_settings

from qstash_integrations.cli import main
from qstash_integrations.django.management.commands.qstash import Command
from qstash_integrations.testing import LocalQStash
from tests.django.project import configure, urlconf, wsgi_app

configure()

from tests.verbs import shop  # noqa: E402 - its views are Django's
from tests.verbs.tree import leaves  # noqa: E402

# Since 8.2 click keeps the two apart, whatever is said.
_APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Place(NamedTuple):
    """A command line, and the QStash that its app publishes to."""

    name: str
    typed: str
    """What stands before a command."""
    run: Callable[..., Ended]
    qstash: LocalQStash


@contextmanager
def flask() -> Generator[Place]:
    app = shop.flask_app()
    runner = app.test_cli_runner(**_APART)

    def run(*arguments: str) -> Ended:
        ended = runner.invoke(args=["qstash", *arguments], prog_name="flask")
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    with LocalQStash(app) as qstash:
        yield Place("flask", "flask qstash", run, qstash)


@contextmanager
def django() -> Generator[Place]:
    def run(*arguments: str) -> Ended:
        code: object = 0
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            try:
                if "--help" in arguments:  # for which call_command has Django's own
                    Command().run_from_argv(["manage.py", "qstash", *arguments])
                else:
                    call_command("qstash", *arguments)
            except SystemExit as ended:
                code = ended.code
        return Ended(int(str(code or 0)), out.getvalue(), err.getvalue())

    with (
        override_settings(ROOT_URLCONF=urlconf(*shop.DJANGO), QSTASH={"SCHEDULES": [shop.DAILY]}),
        LocalQStash(wsgi_app(*shop.DJANGO), public_url=shop.ORIGIN) as qstash,
    ):
        yield Place("django", "manage.py qstash", run, qstash)


@contextmanager
def console() -> Generator[Place]:
    def run(*arguments: str) -> Ended:
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            code = main([*arguments, *(["--app", "tests.verbs.shop:app"] if _is_about_app(arguments) else [])])
        return Ended(code, out.getvalue(), err.getvalue())

    with LocalQStash(shop.app) as qstash:
        yield Place("qstash-integrations", "qstash-integrations", run, qstash)


def _is_about_app(arguments: tuple[str, ...]) -> bool:
    """Whether it is a whole command, and one that takes an app."""
    typed = " ".join(arguments)
    return not {"--help", "--"} & {*arguments} and any(f"{typed} ".startswith(f"{leaf} ") for leaf in leaves())


PLACES = {"flask": flask, "django": django, "qstash-integrations": console}
