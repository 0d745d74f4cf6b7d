"""JSON in the body of a call. Its values are counted before one is built: each may take fifty times its text."""

import json
import re
from collections.abc import Generator
from itertools import count
from typing import Any, TypeGuard

from ..model import Refused

MOST_VALUES = 20_000  # of a call: ids in a list, above all
MOST_VALUES_OF_AN_ITEM = 500
# Strings are jumped over, and nothing is tried twice.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# Up to the next sign that begins, ends or separates values.
_TO_SIGN = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb")*+[\[\]{},]", re.DOTALL)
# A message, as most are: an object of plain values and perhaps one more such object.
_FLAT = rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+"
_MESSAGE = re.compile(rb"[ \t\n\r]*+\{" + _FLAT + rb"(?:\{" + _FLAT + rb"\}" + _FLAT + rb")?+\}", re.DOTALL)
_BETWEEN = re.compile(rb"[ \t\n\r]*+([,\]])")
_BEGINS, _ENDS, _COMMA = b"[{", b"]}", ord(",")
_BLANK = b" \t\n\r"
_BLANKS = re.compile(rb"[ \t\n\r]*+")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # as JSON spells halves of pairs; UTF-8 has none
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read(body: bytes) -> Any:
    """The value, None for nothing. Refused for what is no JSON, and for more than ``MOST_VALUES``."""
    # A value and what follows it take two bytes at least.
    if len(body) > 2 * MOST_VALUES:
        values, place = 0, 0
        while values <= MOST_VALUES and (match := _TO_SIGN.match(body, place)):
            place = match.end()
            values += body[place - 1] not in _ENDS
        if values > MOST_VALUES:
            raise Refused(400, f"the request body holds too much: at most {MOST_VALUES} values")
    return _parsed(body) if body.strip(_BLANK) else None


def read_items(body: bytes) -> Generator[Any]:
    """The items of an array, one after the other, for a body of any size. Refused for whatever else it is."""
    place = _next(body, 0)
    if body[place : place + 1] != b"[":
        read(body)
        raise Refused(400, "invalid request body: it must be a JSON array")
    place += 1
    if (empty := _BETWEEN.match(body, place)) and empty[1] == b"]":
        place = empty.end()
    else:
        for index in count():
            end = _end_of_item(body, place, index)
            yield _parsed(body[place:end])
            between = _BETWEEN.match(body, end)
            if between is None:
                raise _invalid()
            place = between.end()
            if between[1] == b"]":
                break
    if body[place:].strip(_BLANK):
        raise _invalid()


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """For what JSON gave, whose names are always texts."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _end_of_item(body: bytes, place: int, index: int) -> int:
    message = _MESSAGE.match(body, place)
    if message is not None and body.count(b",", place, message.end()) < MOST_VALUES_OF_AN_ITEM - 2:
        return message.end()
    depth = values = 0
    while match := _TO_SIGN.match(body, place):
        place = match.end()
        sign = body[place - 1]
        if sign in _BEGINS:
            depth += 1
        elif not depth:
            # It was a plain value, and this is what stands behind it.
            return place - 1
        elif sign != _COMMA:
            depth -= 1
            if not depth:
                return place
            continue
        values += 1
        if values > MOST_VALUES_OF_AN_ITEM:
            raise Refused(400, f"item {index} holds too much: at most {MOST_VALUES_OF_AN_ITEM} values")
    raise _invalid()


def _next(body: bytes, place: int) -> int:
    """Behind the blanks."""
    match = _BLANKS.match(body, place)
    assert match is not None, "there may be none"
    return match.end()


def _parsed(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8")
        found = _DECODER.decode(text)
        return _repaired(found) if _SURROGATE.search(text) else found
    except (ValueError, RecursionError) as error:
        raise _invalid() from error


def _no_constant(name: str) -> object:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _repaired(value: Any) -> Any:
    """Without halves of surrogate pairs, which JSON can spell and UTF-8 cannot."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if is_list(value):
        return [_repaired(item) for item in value]
    if is_object(value):
        return {_repaired(name): _repaired(item) for name, item in value.items()}
    return value


def _invalid() -> Refused:
    return Refused(400, "invalid JSON in the request body")
