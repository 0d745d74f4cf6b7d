"""``doctor``: why webhooks do not arrive."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .._core.errors import ConfigurationError
from .._core.receiving.order import Misplaced
from ..doctor.facts import AppFacts, Facts
from ..doctor.findings import SEVERITIES, Finding, findings
from .output import plain
from .verb import Session, as_json, verb

if TYPE_CHECKING:
    from ..doctor.place import Place

OK, FOUND, INCOMPLETE = 0, 1, 2
_RANKS: dict[str, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}
_CODES = (
    "Exit codes: 0 nothing at or above --fail-on, 1 something, 2 called wrongly, or nothing found and not everything "
    "looked at."
)


@verb(None, "doctor", codes=_CODES)
@click.option("--offline", is_flag=True, help="Settings and routes alone; for CI.")
@click.option("--probe", is_flag=True, help="Publish one message to the probe as well.")
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="error",
    show_default=True,
    help="Exit with 1 for findings of this severity and worse.",
)
@click.option("--report", "file", metavar="FILE", help="Write what may be published; hosts have aliases.")
@as_json
def command(session: Session, *, offline: bool, probe: bool, fail_on: str, file: str | None, as_json: bool) -> int:
    """Find out why webhooks do not arrive.

    Settings and routes, then QStash, then the way between. Each finding names its page.
    """
    if offline and probe:
        raise click.UsageError("--offline asks nobody, and --probe publishes: give one of the two")
    from ..doctor.report import report
    from ..doctor.showing import as_json as document
    from ..doctor.stages import Edges, examine
    from ..doctor.table import RULES

    facts = examine(_place(session), Edges(), offline=offline, probe=probe)
    found = findings(RULES, facts)
    code = exit_code(facts, found, fail_on)
    if as_json:
        session.output.json(document(facts, found, code))
    else:
        _show(session, facts, found)
    if file is not None:
        try:
            Path(file).write_text(report(facts, found), encoding="utf-8")
        except OSError as error:
            session.output.complain(f"--report {file}: {error.strerror or error}")
            return INCOMPLETE
    return code


def exit_code(facts: Facts, found: Sequence[Finding], fail_on: str) -> int:
    """1 for what is at or above ``fail_on``; 2 where nothing was found and something could not be looked at."""
    if any(_RANKS[finding.severity] <= _RANKS[fail_on] for finding in found):
        return FOUND
    return INCOMPLETE if facts.skipped and not found else OK


def _place(session: Session) -> "Place":
    """An app that refuses its settings, or has a handler in the wrong order, cannot be loaded, and says why."""
    from ..doctor.place import bare_place
    from ..routes import Route

    try:
        return session.app.place()
    except Misplaced as error:
        name = str(error).partition(" would be open")[0]
        return bare_place(AppFacts(routes=[Route(path="", handler=name, decorated_late=True)]))
    except ConfigurationError as error:
        if "--app" in str(error):
            raise click.UsageError(str(error)) from error
        return bare_place(AppFacts(refused=str(error)))


def _show(session: Session, facts: Facts, found: Sequence[Finding]) -> None:
    from ..doctor.showing import rows

    session.output.table(("stage", "of what", "state"), rows(facts), none="")
    for finding in found:
        session.output.say("")
        for line in (
            f"{finding.id} {finding.severity}: {finding.sentence}",
            f"  {finding.remedy}",
            f"  {finding.page}",
        ):
            session.output.say(plain(line))
    if not found:
        session.output.say("nothing found" + (", and not everything could be looked at" if facts.skipped else ""))
