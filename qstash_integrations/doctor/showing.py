"""What was found, as rows for people, and as one value for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from .facts import Facts
from .findings import STAGES, Finding
from .plain import without_secrets

_WHAT = {
    "offline": "settings and routes",
    "account": "what QStash says",
    "unsigned": "the way to the app",
    "signed": "what the app takes for genuine",
    "published": "a message of QStash's",
}


def rows(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """A stage, what it looks at, and what became of it; without those that nobody asked for."""
    for stage, state in stages(facts).items():
        if state != "not asked":
            yield stage, _WHAT[stage], state


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
        stage: f"skipped: {without_secrets(facts.skipped[stage])}"
        if stage in facts.skipped
        else "done"
        if done[stage]
        else "not asked"
        for stage in STAGES
    }


def as_json(facts: Facts, found: Sequence[Finding], code: int) -> dict[str, Any]:
    """Its form is that of ``DOCTOR`` in ``tests/verbs/schemas.py``."""
    app = facts.app
    return {
        "framework": app.framework or None,
        "framework_version": app.version or None,
        "probe_url": facts.probe_url,
        "stages": stages(facts),
        "findings": [asdict(finding) for finding in found],
        "exit_code": code,
    }
