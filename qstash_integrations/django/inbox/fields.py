"""A digest in a column of its size, without the second index that Django gives to texts on PostgreSQL.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-model-fields/
"""

from typing import Any

from ..fields import SizedCharField

_TYPES = {
    "mysql": "char(64) CHARACTER SET ascii COLLATE ascii_bin",
    # PostgreSQL's own name of char: without its length, as Django casts in bulk, a char would be a single one.
    "postgresql": "bpchar(64)",
}


class Digest(SizedCharField):
    """64 hexadecimal digits."""

    size = 64

    def db_type(self, connection: Any) -> str:
        return _TYPES.get(connection.vendor, "char(64)")
