"""What the error of a database says to whoever may ask again: by the codes of its driver, whatever is around that.

Spec: https://www.postgresql.org/docs/current/errcodes-appendix.html and
https://mariadb.com/kb/en/mariadb-error-code-reference/
"""

from collections.abc import Collection, Iterator
from typing import Any

GIVEN_UP: frozenset[str | int] = frozenset({"40P01", "40001", 1020, 1213})
"""Deadlocks, and what has changed since a snapshot: all of the transaction is rolled back, for another's sake."""
WAITED: frozenset[str | int] = frozenset({"55P03", 1205})
"""For a lock, for as long as the database lets one wait."""
_GENERAL = "HY000"  # what PyMySQL tells of any error, beside its number


def has_code(error: BaseException, codes: Collection[str | int]) -> bool:
    """Whether the driver's error, or what Django or SQLAlchemy has made of it, has one of these codes."""
    return any(code in codes for code in _codes(error))


def is_kind(error: BaseException, names: Collection[str]) -> bool:
    """Whether its class, or one that this is made of, has one of these names: no library has to be imported for it."""
    return any(kind.__name__ in names for kind in type(error).__mro__)


def kind(error: BaseException) -> str:
    """For the log, such as ``OperationalError 1213``: what databases say beyond that shows a statement's values."""
    code = next((code for code in _codes(error) if code != _GENERAL), None)
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"


def layers(error: BaseException) -> Iterator[Any]:
    """The error, and the driver's own behind it."""
    yield from (error, error.__cause__, getattr(error, "orig", None))


def _codes(error: BaseException) -> Iterator[str | int]:
    for layer in layers(error):
        for name in ("sqlstate", "pgcode"):
            code = getattr(layer, name, None)
            if isinstance(code, str):
                yield code
        arguments: tuple[Any, ...] = getattr(layer, "args", ())
        if arguments and isinstance(arguments[0], int):
            yield arguments[0]
