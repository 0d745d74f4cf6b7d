"""A short text of ASCII, without the second index that Django gives to texts on PostgreSQL.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-model-fields/
"""

from typing import Any

from ..fields import SizedCharField

_MARIADB = "CHARACTER SET ascii COLLATE ascii_bin"


class ShortText(SizedCharField):
    """Up to 100 characters."""

    size = 100

    def db_type(self, connection: Any) -> str:
        return "varchar(100)" + (f" {_MARIADB}" if connection.vendor == "mysql" else "")
