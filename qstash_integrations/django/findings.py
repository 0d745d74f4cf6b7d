"""What the doctor finds without asking anybody, as system checks: the same functions over the same facts.

Left out is what the checks say themselves, of keys and of the public URL, and what is a guess.

Spec: https://docs.djangoproject.com/en/stable/topics/checks/
"""

from collections.abc import Iterable, Iterator

from django.core.checks import CheckMessage, Error, Info, Warning  # noqa: A004 - Django's name

from ..doctor.findings import findings
from ..doctor.place import offline_facts
from ..doctor.table import RULES
from .place import place

_SHARED = ("Q101", "Q102", "Q103", "Q114", "Q121", "Q132", "Q203")
_KINDS: dict[str, type[Error] | type[Warning] | type[Info]] = {"error": Error, "warning": Warning, "info": Info}


def as_checks(said: Iterable[CheckMessage]) -> Iterator[CheckMessage]:
    """qstash.E101 and so on, by the number of the finding; nothing of a setting that ``said`` is about."""
    settings = {message.msg.partition(" ")[0] for message in said}
    rules = [rule for rule in RULES if rule.id in _SHARED]
    for finding in findings(rules, offline_facts(place())):
        if finding.sentence.partition(" ")[0] not in settings:
            number = finding.severity[0].upper() + finding.id.removeprefix("Q")
            yield _KINDS[finding.severity](
                finding.sentence, hint=f"{finding.remedy} ({finding.page})", id=f"qstash.{number}"
            )
