"""JSON in a column of text: PostgreSQL's own JSON refuses characters that JSON has, such as \\u0000.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-model-fields/
"""

import json
from typing import TYPE_CHECKING, Any

from django.db import models

from .api import normalize_json

if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class JSONText(_TextField):
    """Whatever JSON can hold; what it cannot is told by ``encoded`` before it comes here."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else encoded(value)

    def value_to_string(self, obj: models.Model) -> str:
        return encoded(self.value_from_object(obj))

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value


def encoded(value: Any) -> str:
    """Strict JSON in ASCII; TypeError or ValueError for what has no JSON form, NaN among it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def plain(value: Any) -> Any:
    """As it comes back from JSON, by Django's rules; TypeError or ValueError for what has no JSON form."""
    return json.loads(encoded(normalize_json(value)))
