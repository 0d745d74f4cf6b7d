"""Values of options as the text of one header. What QStash would refuse or take for something else is refused here.

Spec: https://upstash.com/docs/qstash/api/publish
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast

from ..durations import format_duration, in_words, parse_duration
from .inputs import check_name, check_option
from .options import Kind, Option

Write: TypeAlias = Callable[[Option, str, Any], str]
"""From a row, the name that an error is to tell, and the caller's value."""


def number(option: Option, name: str, value: Any) -> str:
    if type(value) is not int:
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if value < option.least or (option.most is not None and value > option.most):
        end = "on" if option.most is None else f"to {option.most}"
        raise ValueError(f"{name} must be a number from {option.least} {end}, not {value}")
    return str(value)


def seconds(option: Option, name: str, value: Any) -> int:
    """Of a duration, whole ones."""
    span = int(parse_duration(value, name).total_seconds())
    if option.most is not None and not option.least <= span <= option.most:
        raise ValueError(f"{name} must be between {in_words(option.least)} and {in_words(option.most)}, not {value!r}")
    if span < option.least:
        raise ValueError(f"{name} must be at least {in_words(option.least)}")
    return span


def duration(option: Option, name: str, value: Any) -> str:
    return format_duration(timedelta(seconds=seconds(option, name, value)))


def flag(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return value


def texts(name: str, value: Any) -> Iterable[Any]:
    """A list, of whatever."""
    if not isinstance(value, list | tuple | set | frozenset):
        raise TypeError(f"{name} must be a list of texts, not {type(value).__name__}")
    return cast("Iterable[Any]", value)


def _choice(option: Option, name: str, value: Any) -> str:
    if value not in option.choices:
        raise ValueError(f"{name} must be one of {', '.join(option.choices)}, not {value!r}")
    return str(value)


def _instant(option: Option, name: str, value: Any) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name} is a datetime without a time zone; give it one, such as datetime.now(UTC)")
        value = value.timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be an aware datetime or Unix seconds, not {type(value).__name__}")
    # Milliseconds since 1970 as seconds would be the year 50,000; NaN fails both comparisons.
    if not 0 <= value < 10**11:
        raise ValueError(f"{name} must be Unix seconds, not {value!r}")
    # Up, as durations are: never before the moment that was asked for.
    return str(math.ceil(value))


def _id(option: Option, name: str, value: Any) -> str:
    text = check_option(value, name)
    if ":" in text:
        raise ValueError(f"{name} must not have a colon: {text[:80]!r}")
    return text


def _labels(option: Option, name: str, value: Any) -> str:
    labels = [check_option(label, name) for label in ([value] if isinstance(value, str) else texts(name, value))]
    if not labels or (not isinstance(value, str) and any("," in label for label in labels)):
        raise ValueError(f"{name} must be a text, or a list of texts without commas")
    return ",".join(check_name(label.strip(), name) for label in ",".join(labels).split(","))


TEXTS: Mapping[Kind, Write] = {
    "choice": _choice,
    "cron": lambda option, name, value: check_option(value, name),
    "duration": duration,
    "expression": lambda option, name, value: (
        number(option, name, value) if type(value) is int else check_option(value, name)
    ),
    "flag": lambda option, name, value: "true" if flag(name, value) else "false",
    "id": _id,
    "instant": _instant,
    "labels": _labels,
    "name": lambda option, name, value: check_name(value, name),
    "number": number,
    "text": lambda option, name, value: check_option(value, name),
}
"""The kinds that one header carries."""
