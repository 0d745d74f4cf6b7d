"""Texts of one length. Of VARCHAR PostgreSQL would keep a second index, for LIKE, that nobody asks and every row pays.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-model-fields/
"""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    _CharField = models.CharField[Any, Any]
else:
    _CharField = models.CharField


# There characters of any alphabet would take four times the room in each index.
_OF_MYSQL = " CHARACTER SET ascii COLLATE ascii_bin"


class FixedCharField(_CharField):
    """Of ASCII alone."""

    def db_type(self, connection: Any) -> str:
        return f"char({self.max_length}){_OF_MYSQL if connection.vendor == 'mysql' else ''}"
