"""Whether a value that went through JSON is the one that was given: of the same types all the way down, and equal."""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import datetime, time
from typing import Any

from pydantic import BaseModel

# What a model holds besides its fields.
_BESIDE = ("__pydantic_extra__", "__pydantic_private__")


def same(given: Any, arrived: Any) -> bool:
    """An ``int`` where a ``float`` is expected counts as one, as it does to type checkers."""
    if type(given) is int and type(arrived) is float:
        return bool(given == arrived)
    if type(given) is not type(arrived):
        return False
    whole: Any = given
    match given:
        case float():
            return bool(given == arrived) or (math.isnan(given) and math.isnan(arrived))
        case datetime():
            return _same_moment(given, arrived)
        case time():
            naive = given.replace(tzinfo=None), arrived.replace(tzinfo=None)
            return naive[0] == naive[1] and bool(given.utcoffset() == arrived.utcoffset())
        case list() | tuple() | deque():
            return _all_same(whole, arrived)
        case Mapping():
            return _same_keys(whole, arrived) and all(same(value, arrived[key]) for key, value in whole.items())
        case Set():
            return _same_keys(whole, arrived)
        case _:
            pass
    if is_dataclass(given):
        return all(same(getattr(given, field.name), getattr(arrived, field.name)) for field in fields(given))
    if isinstance(given, BaseModel):
        return all(same(getattr(given, part), getattr(arrived, part)) for part in (*type(given).model_fields, *_BESIDE))
    return bool(given == arrived)


def _same_keys(given: Any, arrived: Any) -> bool:
    # An equal one of another type may be in its place: True, 1 and 1.0 are.
    found = {key: key for key in arrived}
    return len(given) == len(found) and all(key in found and same(key, found[key]) for key in given)


def _all_same(given: Iterable[Any], arrived: Iterable[Any]) -> bool:
    items, others = list(given), list(arrived)
    return len(items) == len(others) and all(map(same, items, others))


def _same_moment(given: datetime, arrived: datetime) -> bool:
    # The zone's name does not travel. Two zones in an hour that comes twice are never equal to Python.
    return given.replace(tzinfo=None, fold=0) == arrived.replace(tzinfo=None, fold=0) and (
        given.utcoffset() == arrived.utcoffset()
    )
