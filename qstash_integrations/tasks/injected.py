"""Parameters that no caller gives: a framework fills them in before the task runs.

FastAPI's are known by their type's name: this package's neutral half imports no framework.

Spec: https://fastapi.tiangolo.com/tutorial/dependencies/
"""

import inspect
from typing import Annotated, Any, get_args, get_origin

_DEPENDS = "fastapi.params"


class _Injected:
    """The default of a parameter that a framework fills in."""

    def __repr__(self) -> str:
        return "Injected"

    def __reduce__(self) -> str:
        return "Injected"


Injected: Any = _Injected()
"""``db: Annotated[Db, Depends(get_db)] = Injected``: callers leave the parameter out, and type checkers agree."""


def is_injected(parameter: inspect.Parameter, annotation: Any) -> bool:
    """Whether a framework fills it in."""
    return parameter.default is Injected or _is_depends(parameter.default) or _has_depends(annotation)


def _has_depends(annotation: Any) -> bool:
    if get_origin(annotation) is not Annotated:
        return False
    return any(_is_depends(said) for said in get_args(annotation)[1:])


def _is_depends(said: Any) -> bool:
    return any(kind.__module__ == _DEPENDS and kind.__name__ == "Depends" for kind in type(said).__mro__)
