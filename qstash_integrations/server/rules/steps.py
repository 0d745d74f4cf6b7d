"""Steps as an SDK writes them, in JSON. Whatever stands in one, reading it raises nothing. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from ..model import Refused

LONGEST = 64 * 1024  # characters of a step without its result
_LONGEST_INTEGER = 18  # characters; what is longer is a float, as for the SDK in JavaScript


def step_of(body: bytes | str) -> Mapping[str, Any]:
    """The step in an entry; empty for what is none."""
    try:
        found = json.loads(body, parse_int=_integer)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def number_of(facts: Mapping[str, Any], name: str) -> int:
    """0 for what is none."""
    value = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def text_of(facts: Mapping[str, Any], name: str) -> str:
    """Without halves of surrogate pairs, which JSON can spell and UTF-8 cannot."""
    return str(facts.get(name) or "").encode("utf-8", "replace").decode()


def written(step: Mapping[str, Any]) -> str:
    """As JSON, to be kept until its result is there. Refused with 412: the SDKs take 400 for a run that is gone."""
    text = json.dumps(step, separators=(",", ":"))
    if len(text) > LONGEST:
        raise Refused(412, f"invalid step: larger than {LONGEST} characters")
    return text


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _LONGEST_INTEGER else float(text)
