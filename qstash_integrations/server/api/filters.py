"""Filters, pages and counts as the query spells them, or a JSON body with the same names.

Values of one name are alternatives, whether the name is repeated or they are separated by commas.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ..model import Filter, Refused
from .api_call import Parameters
from .json_text import MOST_VALUES, is_list

# Our field, and whether its values may be separated by commas: URLs contain those.
_TEXTS: Mapping[str, tuple[str, bool]] = {
    "messageid": ("message_ids", True),
    "messageids": ("message_ids", True),
    "dlqids": ("dlq_ids", True),
    "state": ("states", True),
    "url": ("urls", False),
    "host": ("hosts", True),
    "path": ("paths", False),
    "topicname": ("topics", True),
    "scheduleid": ("schedules", True),
    "queuename": ("queues", True),
    "label": ("labels", True),
    "flowcontrolkey": ("flow_keys", True),
    "callerip": ("caller_ips", True),
    "workflowrunid": ("run_ids", True),
    "workflowurl": ("run_urls", False),
    "failurefunctionstate": ("failure_states", True),
    "failurecallbackstate": ("failure_states", True),
}
_INSTANTS = {"fromdate": "from_at", "todate": "to_at"}
_DIGITS = re.compile(r"[0-9]{1,15}", re.ASCII)

_SHARED = frozenset(
    ("messageid", "messageids", "topicname", "queuename", "url", "label", "flowcontrolkey", "scheduleid", "callerip")
)
MESSAGES = _SHARED | {"host", "path", "fromdate", "todate", "count"}
DEAD_LETTERS = _SHARED | {
    "dlqids", "responsestatus", "fromdate", "todate", "count", "cursor", "order", "trimbody", "api"
}  # fmt: skip
FAILED_RUNS = DEAD_LETTERS | {
    "source", "workflowrunid", "workflowurl", "workflowcreatedat", "failurefunctionstate", "failurecallbackstate"
}  # fmt: skip
EVENTS = frozenset((*_TEXTS, *_INSTANTS, "workflowcreatedat")) - {"dlqids"}


def filter_of(parameters: Parameters, known: Iterable[str], *, of_runs: bool | None = None) -> Filter:
    """What is asked for by the ``known`` names (lower-case); other names are left aside, see ``check_known``.

    ``of_runs``: of messages of Workflow runs only, or for False of all others.
    """
    names = frozenset(known)
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for name, value in parameters:
        lower = name.lower()
        if lower not in names:
            continue
        if lower in _TEXTS:
            field, commas = _TEXTS[lower]
            found[field] += values_of(name, value, commas)
        elif lower == "responsestatus":
            found["statuses"] += [integer(name, text) for text in values_of(name, value)]
        elif lower == "workflowcreatedat":
            found["runs_created_at"] += [integer(name, text) / 1000 for text in values_of(name, value)]
        elif lower in _INSTANTS:
            found[_INSTANTS[lower]] = [integer(name, value) / 1000]
    if sum(map(len, found.values())) > MOST_VALUES:
        raise too_much()
    fields: dict[str, Any] = {
        field: values[0] if field in _INSTANTS.values() else tuple(values) for field, values in found.items()
    }
    return Filter(**fields, of_runs=of_runs)


def check_known(parameters: Parameters, known: Iterable[str]) -> Parameters:
    """The parameters; Refused for a name that is not known: a misspelled filter must not mean everything."""
    names = frozenset(known)
    for name, _ in parameters:
        if name.lower() not in names:
            raise Refused(400, f"unknown query parameter {name[:60]!r}")
    return parameters


def from_json(body: Mapping[str, Any]) -> Parameters:
    """A JSON body with the names of a query, as parameters."""
    found: list[tuple[str, str]] = []
    for name, value in body.items():
        for item in value if is_list(value) else [value]:
            if isinstance(item, bool) or not isinstance(item, str | int):
                raise Refused(400, f"invalid {name[:60]}: it must be a text, a whole number or a list of those")
            found.append((name, str(item)))
    return tuple(found)


def count_of(parameters: Parameters, default: int | None, largest: int) -> int | None:
    """The last ``count``, from 1 to ``largest``."""
    for name, value in reversed(parameters):
        if name.lower() == "count" and value:
            count = integer(name, value)
            if not 1 <= count <= largest:
                raise Refused(400, f"invalid count {count}: it must be between 1 and {largest}")
            return count
    return default


def value_of(parameters: Parameters, name: str) -> str | None:
    """The last value of a parameter; None when it is missing or empty."""
    for key, value in reversed(parameters):
        if key.lower() == name.lower():
            return value or None
    return None


def trim_of(parameters: Parameters) -> int | None:
    """How many bytes of each body are wanted, 0 for none of it; None for all."""
    text = value_of(parameters, "trimBody")
    return None if text is None else integer("trimBody", text)


def earliest_first(parameters: Parameters, default: bool) -> bool:
    order = value_of(parameters, "order")
    if order is None:
        return default
    if order not in ("earliestFirst", "latestFirst"):
        raise Refused(400, f"invalid order {order[:40]!r}: use earliestFirst or latestFirst")
    return order == "earliestFirst"


def integer(name: str, text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise Refused(400, f"invalid {name[:60]} {text[:40]!r}: it must be a whole number")
    return int(text)


def values_of(name: str, text: str, commas: bool = True) -> list[str]:
    """What stands between the commas. Refused when that is nothing: left out, it would ask for everything."""
    if commas and text.count(",") > MOST_VALUES:
        raise too_much()
    values = text.split(",") if commas else [text]
    found = [value.strip() for value in values if value.strip()]
    if not found:
        raise Refused(400, f"invalid {name[:60]}: it is empty")
    return found


def too_much() -> Refused:
    return Refused(400, f"the filter holds too much: at most {MOST_VALUES} values")
