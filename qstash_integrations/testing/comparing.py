"""What was expected against what was published: the first that fits, or the nearest, field by field.

Expected options take the way that published ones take, through the one table of headers, so that ``"10m"``,
``timedelta(minutes=10)`` and 600 are the same delay here too. Pure.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, NamedTuple, TypeVar

from .._core.publishing.json_body import encode_json
from .._core.publishing.options import OPTIONS
from .._core.publishing.results.fields import is_list, is_object
from .._core.publishing.wire import headers_of
from .._core.task_urls import task_of
from .calls import ExpectedCall
from .recorded import Published

T = TypeVar("T", bound=Published)
_PLAIN = ("url", "url_group", "destination", "queue")
_NOTHING = "nothing"
_MOST_LISTED = 5


class Field(NamedTuple):
    name: str
    expected: Any
    published: Any

    @property
    def same(self) -> bool:
        # JSON tells 1 and true apart, Python does not.
        return _text(self.expected) == _text(self.published)

    @property
    def likeness(self) -> float:
        if self.same:
            return 1.0
        return 0.9 * SequenceMatcher(None, _text(self.expected)[:500], _text(self.published)[:500]).ratio()


def fields(expected: Mapping[str, Any], published: Published) -> list[Field]:
    """The expected fields beside the published ones; TypeError or ValueError names an option that cannot be."""
    found = [_field(name, value, published) for name, value in expected.items() if name != "task"]
    return [*_fields_of_call(expected["task"], published), *found] if "task" in expected else found


def find(expected: Mapping[str, Any], published: Sequence[T]) -> T | None:
    return next((one for one in published if all(field.same for field in fields(expected, one))), None)


def difference(what: str, expected: Mapping[str, Any], published: Sequence[Published], done: str = "published") -> str:
    """Why nothing fits: the nearest of what was published (``done``), and where the others went."""
    if not published:
        return f"no {what} was {done}; expected {_listed(expected)}"
    nearest = max(published, key=lambda one: sum(field.likeness for field in fields(expected, one)))
    lines = [f"no {done} {what} is as expected; the nearest of {len(published)} is to {nearest.destination}"]
    for field in fields(expected, nearest):
        if field.same:
            lines.append(f"    {field.name}: {_shown(field.published)}")
        else:
            lines.append(f"  ! {field.name}: {_shown(field.published)} was {done}, expected {_shown(field.expected)}")
            lines += [f"      {line}" for line in _inside(field.name, field.expected, field.published)]
    others = [one.destination for one in published if one is not nearest]
    if others:
        more = f" and {len(others) - _MOST_LISTED} more" if len(others) > _MOST_LISTED else ""
        lines.append(f"the others: {', '.join(others[:_MOST_LISTED])}{more}")
    return "\n".join(lines)


def _fields_of_call(call: ExpectedCall, published: Published) -> Iterator[Field]:
    yield Field("task", call.name, task_of(published.destination))
    yield Field("arguments", call.arguments, call.arguments_of(published))
    for name, value in call.options_of(published).items():
        yield _field(name, value, published)


def _field(name: str, expected: Any, published: Published) -> Field:
    if name in _PLAIN:
        return Field(name, expected, getattr(published, name))
    if name == "json" or (name == "body" and not isinstance(expected, bytes | str | None)):
        return Field(name, _as_json(expected), _decoded(published.body))
    if name == "body":
        return Field(name, expected.encode() if isinstance(expected, str) else expected, published.body)
    if name == "content_type":
        return Field(name, expected, published.header("Content-Type"))
    if expected is None:
        return Field(name, None, _sent(name, published))
    wanted = dict(headers_of({name: expected}))
    found = {header: published.header(header) for header in wanted}
    if len(wanted) == 1 and not OPTIONS[name].header.endswith("-"):
        return Field(name, next(iter(wanted.values())), next(iter(found.values())))
    return Field(name, wanted, found)


def _sent(name: str, published: Published) -> str | None:
    """What was sent for an option that was expected to be left out."""
    option = OPTIONS[name]
    if option.header.endswith("-"):
        sent = [value for key, value in published.headers if key.lower().startswith(option.header.lower())]
    else:
        sent = [value for header in option.headers if (value := published.header(header)) is not None]
    return ", ".join(sent) or None


def _as_json(value: Any) -> Any:
    return json.loads(encode_json(value, "json"))


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def _inside(name: str, expected: Any, published: Any) -> Iterator[str]:
    """The parts of two objects or lists that differ, each with its path."""
    for path, one, other in _parts(name, expected, published):
        if path != name:
            yield f"{path}: {_shown(other)} was published, expected {_shown(one)}"


def _parts(path: str, expected: Any, published: Any) -> Iterator[tuple[str, Any, Any]]:
    if is_object(expected) and is_object(published):
        for key in dict.fromkeys((*expected, *published)):
            yield from _parts(f"{path}.{key}", expected.get(key, _MISSING), published.get(key, _MISSING))
    elif is_list(expected) and is_list(published):
        for index, (one, other) in enumerate(zip_longest(expected, published, fillvalue=_MISSING)):
            yield from _parts(f"{path}[{index}]", one, other)
    elif _text(expected) != _text(published):
        yield path, expected, published


class _Missing:
    def __repr__(self) -> str:
        return _NOTHING


_MISSING = _Missing()


def _text(value: Any) -> str:
    if isinstance(value, bytes | _Missing):
        return repr(value)
    return json.dumps(value, sort_keys=True, default=repr)


def _shown(value: Any) -> str:
    return _NOTHING if value is None else repr(value)


def _listed(expected: Mapping[str, Any]) -> str:
    if isinstance(call := expected.get("task"), ExpectedCall):
        return f"a call of {call.name} with {call.arguments!r}"
    return ", ".join(f"{name}={value!r}" for name, value in expected.items()) or "any"
