"""Values of options out of the text of one header, by the limits of their row; Refused names the header.

Spec: https://upstash.com/docs/qstash/api/publish
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from ..._core.durations import in_words, seconds_of_text
from ..._core.publishing.options import Kind, Option
from ..model import Redaction, Refused
from .destination import check_name
from .expression import check_expression
from .headers import canonical

_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
_INSTANT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,20})?", re.ASCII)
_REDACTED_HEADER = re.compile(r"headers?\[([^\[\]]{1,256})\]", re.ASCII)

Read: TypeAlias = Callable[[Option, str, str, float], Any]
"""From a row, the header's name in lower case, its text, and now."""


def number(header: str, text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Refused(400, f"invalid {canonical(header)} {text[:40]!r}: it must be a whole number")
    return int(text)


def boolean(header: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise Refused(400, f"invalid {canonical(header)} {text[:40]!r}: it must be true or false")
    return text.lower() == "true"


def _choice(option: Option, header: str, text: str, now: float) -> str:
    choice = text.upper()
    if choice not in option.choices:
        raise Refused(400, f"invalid {canonical(header)} {text[:40]!r}: use one of {', '.join(option.choices)}")
    return choice


def _limited_number(option: Option, header: str, text: str, now: float) -> int:
    return _limited(option, number(header, text))


def _seconds(option: Option, header: str, text: str, now: float) -> int:
    try:
        seconds = seconds_of_text(text, canonical(header))
    except ValueError as error:
        raise Refused(400, f"invalid duration: {error}") from error
    if seconds < option.least:
        raise Refused(400, f"invalid {canonical(header)}: it must be at least {in_words(option.least)}")
    return _limited(option, seconds)


def _instant(option: Option, header: str, text: str, now: float) -> int:
    if not _INSTANT.fullmatch(text):
        raise Refused(400, f"invalid {canonical(header)} {text[:40]!r}: it must be Unix seconds")
    return math.ceil(float(text))


def _text(option: Option, header: str, text: str, now: float) -> str | None:
    if len(text) > option.longest:
        raise Refused(400, f"invalid {canonical(header)}: longer than {option.longest} characters")
    return text or None


def _id(option: Option, header: str, text: str, now: float) -> str | None:
    if ":" in text:
        raise Refused(400, "DeduplicationId cannot contain ':'")
    return _text(option, header, text, now)


def _labels(option: Option, header: str, text: str, now: float) -> tuple[str, ...]:
    labels = tuple(label for label in (part.strip() for part in text.split(",")) if label)
    most = option.local_most
    if (most is not None and len(labels) > most) or any(len(label) > option.longest for label in labels):
        raise Refused(400, f"invalid {canonical(header)}: at most {most} labels of {option.longest} characters")
    return labels


def _redaction(option: Option, header: str, text: str, now: float) -> Redaction:
    redaction = Redaction()
    for part in text.split(","):
        field = part.strip()
        one = _REDACTED_HEADER.fullmatch(field)
        if field == "body":
            redaction = replace(redaction, body=True)
        elif field in ("header", "headers"):
            redaction = replace(redaction, all_headers=True)
        elif one:
            redaction = replace(redaction, headers=(*redaction.headers, canonical(one[1].strip())))
        else:
            raise Refused(400, f"invalid {canonical(header)} {field[:40]!r}: use body, header or header[Name]")
    return redaction


def _limited(option: Option, value: int) -> int:
    if option.local_most is not None and value > option.local_most:
        raise Refused(412, f"quota {option.quota} exceeded, current limit: {option.local_most}")
    return value


READERS: Mapping[Kind, Read] = {
    "choice": _choice,
    "duration": _seconds,
    "expression": lambda option, header, text, now: check_expression(text),
    "flag": lambda option, header, text, now: boolean(header, text),
    "id": _id,
    "instant": _instant,
    "labels": _labels,
    "name": lambda option, header, text, now: check_name(text, canonical(header)),
    "number": _limited_number,
    "queue": lambda option, header, text, now: check_name(text, "queue name") if text else None,
    "redaction": _redaction,
    "text": _text,
}
"""The kinds that one header carries."""
