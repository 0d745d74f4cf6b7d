"""What a rule says: a finding, with an id that stays what it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from .facts import Facts
from .plain import without_secrets

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
Stage = Literal["offline", "account", "unsigned", "signed", "published"]
STAGES: tuple[Stage, ...] = ("offline", "account", "unsigned", "signed", "published")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, or worth to know."""

    id: str
    severity: Severity
    sentence: str
    remedy: str
    """One line: what to do."""
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a rule has found; where it leaves something out, its row in the table counts."""

    sentence: str
    remedy: str = ""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row of the table."""

    id: str
    severity: Severity
    stages: tuple[Stage, ...]
    """Those whose facts decide it."""
    remedy: str
    find: Callable[[Facts], Iterable[Said]]

    @property
    def page(self) -> str:
        return f"docs/doctor.md#{self.id.lower()}"


def findings(rules: Iterable[Rule], facts: Facts) -> list[Finding]:
    """What the rules say of the facts: the worst first, then in the order of the table, which has causes first."""
    found = [finding for rule in rules for finding in _of(rule, facts)]
    return sorted(dict.fromkeys(found), key=lambda one: SEVERITIES.index(one.severity))


def _of(rule: Rule, facts: Facts) -> Iterable[Finding]:
    base = Finding(id=rule.id, severity=rule.severity, sentence="", remedy=rule.remedy, page=rule.page)
    for said in rule.find(facts):
        yield replace(
            base,
            sentence=without_secrets(said.sentence),
            remedy=without_secrets(said.remedy) or rule.remedy,
            severity=said.severity or rule.severity,
        )
