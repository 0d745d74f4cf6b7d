"""Runs the doctor: the same in Flask, in Django and in ``qstash-integrations``."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from ..schedules.terminal import Terminal
from .facts import Facts
from .findings import SEVERITIES, Finding, findings
from .place import Place
from .report import report
from .showing import as_json, lines
from .stages import Edges, examine
from .table import RULES
from .verbs import FOUND, INCOMPLETE, OK


def run(options: argparse.Namespace, find: Callable[[], Place], terminal: Terminal, edges: Edges | None = None) -> int:
    """Examine the app that ``find`` finds; the exit code."""
    try:
        place = find()
    except (ValueError, ImportError) as error:
        terminal.complain(f"doctor: {error}")
        return INCOMPLETE
    facts = examine(place, edges or Edges(), offline=options.offline, probe=options.probe)
    found = findings(RULES, facts)
    code = exit_code(facts, found, options.fail_on)
    if options.json:
        terminal.say(json.dumps(as_json(facts, found, code), indent=2))
    else:
        for line in lines(facts, found):
            terminal.say(line)
    if options.report:
        try:
            Path(options.report).write_text(report(facts, found), encoding="utf-8")
        except OSError as error:
            terminal.complain(f"doctor: --report {options.report}: {error.strerror or error}")
            return INCOMPLETE
    return code


def exit_code(facts: Facts, found: Sequence[Finding], fail_on: str) -> int:
    """1 for what is at or above ``fail_on``; 2 where nothing was found and something could not be looked at."""
    worst = SEVERITIES.index(fail_on)
    if any(SEVERITIES.index(finding.severity) <= worst for finding in found):
        return FOUND
    return INCOMPLETE if facts.skipped and not found else OK
