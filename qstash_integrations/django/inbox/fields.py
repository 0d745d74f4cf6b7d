"""A digest in a column of its size, without the second index that Django gives to texts on PostgreSQL.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-model-fields/
"""

from typing import TYPE_CHECKING, Any

from django.db import models

# Only its stubs take arguments.
if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField

_TYPES = {
    "mysql": "char(64) CHARACTER SET ascii COLLATE ascii_bin",
    # PostgreSQL's own name of char: without its length, as Django casts in bulk, a char would be a single one.
    "postgresql": "bpchar(64)",
}


class Digest(_CharField):
    """64 hexadecimal digits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 64
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"]
        return name, path, args, kwargs

    def db_type(self, connection: Any) -> str:
        return _TYPES.get(connection.vendor, "char(64)")
