"""Names that a caller may use, and the nearest one when it is misspelled."""

import difflib
import re
from collections.abc import Collection, Iterable
from typing import TypeGuard

# As every router reads it, and every client leaves it: no placeholder, no escape, no dot segment.
_ROUTE = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.~-]+)+")


def is_route(path: object) -> TypeGuard[str]:
    """Whether it is a path of letters, digits, '_', '-', '.' and '~', at which we may mount something of ours."""
    return isinstance(path, str) and _ROUTE.fullmatch(path) is not None


def check_names(given: Iterable[str], known: Collection[str], what: str = "option") -> None:
    """TypeError for a name that is not known; it proposes the nearest one that is, or lists them all."""
    for name in given:
        if name not in known:
            raise TypeError(f"unknown {what} {name!r}; {hint(name, sorted(known))}")


def hint(name: object, known: Collection[str]) -> str:
    """The nearest name that there is, or all of them."""
    near = difflib.get_close_matches(str(name), known, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
