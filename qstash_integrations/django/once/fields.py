"""A short text of ASCII, without the second index that Django gives to texts on PostgreSQL.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-model-fields/
"""

from typing import TYPE_CHECKING, Any

from django.db import models

# Only its stubs take arguments.
if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField

_MARIADB = "CHARACTER SET ascii COLLATE ascii_bin"


class ShortText(_CharField):
    """Up to 100 characters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 100
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"]
        return name, path, args, kwargs

    def db_type(self, connection: Any) -> str:
        return "varchar(100)" + (f" {_MARIADB}" if connection.vendor == "mysql" else "")
