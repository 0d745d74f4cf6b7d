"""A CharField whose class says how long it is, so that models and migrations do not.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-model-fields/
"""

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

# Only its stubs take arguments.
if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField


class SizedCharField(_CharField):
    """Of ``size`` characters at most."""

    size: ClassVar[int]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = self.size
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"]
        return name, path, args, kwargs
