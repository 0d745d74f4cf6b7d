"""Parameters that no caller gives: a framework fills them in before the task runs.

FastAPI's are known by their type's name: this package's neutral half imports no framework.

Spec: https://fastapi.tiangolo.com/tutorial/dependencies/
"""

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


def is_default_injected(default: Any) -> bool:
    """Whether a parameter with this default is filled in, whatever its annotation is."""
    return default is Injected or _is_depends(default)


def is_annotated_injected(annotation: Any) -> bool:
    """Whether a parameter with this annotation is filled in, whatever its default is."""
    return get_origin(annotation) is Annotated and any(_is_depends(said) for said in get_args(annotation)[1:])


def _is_depends(said: Any) -> bool:
    return any(kind.__module__ == _DEPENDS and kind.__name__ == "Depends" for kind in type(said).__mro__)
