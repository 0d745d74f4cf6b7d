"""Findings as lines for people, in colours where rich is there to make them, and as one value for programs."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from .facts import Facts
from .findings import STAGES, Finding, Severity

_WHAT = {
    "offline": "settings and routes",
    "account": "what QStash says",
    "unsigned": "the way to the app",
    "signed": "what the app takes for genuine",
    "published": "a message of QStash's",
}
_COLOURS: dict[Severity, str] = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def lines(facts: Facts, found: Sequence[Finding], *, coloured: bool | None = None) -> Iterator[str]:
    """``coloured`` is whether stdout is a terminal that shows colours, unless it is given."""
    paint = _painter() if (_shows_colours() if coloured is None else coloured) else _plainly
    for stage in STAGES:
        state = stages(facts)[stage]
        if state != "not asked":
            yield f"{stage:<10} {_WHAT[stage]:<31} {state}"
    for finding in found:
        yield ""
        yield f"{paint(f'{finding.id} {finding.severity}', _COLOURS[finding.severity])}: {finding.sentence}"
        yield f"  {finding.remedy}"
        yield f"  {finding.page}"
    if not found:
        yield ""
        yield "nothing found" + (", and not everything could be looked at" if facts.skipped else "")


def stages(facts: Facts) -> dict[str, str]:
    """Of each stage whether it was gone through, or why not."""
    done = {
        "offline": True,
        "account": facts.account is not None,
        "unsigned": facts.unsigned is not None,
        "signed": facts.signed is not None,
        "published": facts.published is not None,
    }
    return {
        stage: f"skipped: {facts.skipped[stage]}" if stage in facts.skipped else "done" if done[stage] else "not asked"
        for stage in STAGES
    }


def as_json(facts: Facts, found: Sequence[Finding], code: int) -> dict[str, Any]:
    """Its form is that of ``tests/doctor/schema.json``."""
    app = facts.app
    return {
        "framework": app.framework or None,
        "framework_version": app.version or None,
        "probe_url": facts.probe_url,
        "stages": stages(facts),
        "findings": [asdict(finding) for finding in found],
        "exit_code": code,
    }


def _shows_colours() -> bool:
    return sys.stdout is not None and sys.stdout.isatty() and find_spec("rich") is not None


def _plainly(text: str, style: str) -> str:
    return text


def _painter() -> Any:
    from rich.console import Console
    from rich.text import Text

    console = Console(force_terminal=True)

    def paint(text: str, style: str) -> str:
        with console.capture() as captured:
            console.print(Text(text, style=style), end="")
        return captured.get()

    return paint
