"""Signatures that name each option: what ``help`` and ``inspect.signature`` show where code says ``**fields``.

The names are those of the TypedDicts in the method's own overloads, so that nothing is written down twice.

Spec: https://typing.python.org/en/latest/spec/callables.html#unpack-for-keyword-arguments
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, get_args, get_overloads

T = TypeVar("T")
_FIRST = ("url", "url_group", "api", "destination", "cron", "queue", "body")


def named_options(kind: type[T]) -> type[T]:
    """A class whose methods show the options that they take by name. None, of any of them, is not given."""
    for name, member in vars(kind).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            _name_options(member)
    return kind


def _name_options(method: Callable[..., Any]) -> None:
    signature = inspect.signature(method)
    *parameters, last = signature.parameters.values()
    if last.kind is not last.VAR_KEYWORD:
        return
    options = dict(_options(method))
    before = [parameter for parameter in parameters if parameter.name not in options]
    names = sorted(options, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    named = [inspect.Parameter(name, last.KEYWORD_ONLY, default=None, annotation=options[name]) for name in names]
    method.__signature__ = signature.replace(parameters=[*before, *named])  # type: ignore[attr-defined]


def _options(method: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    for one in (method, *get_overloads(method)):
        for parameter in inspect.signature(one).parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                for unpacked in get_args(parameter.annotation):
                    yield from unpacked.__annotations__.items()
