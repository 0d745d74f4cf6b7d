"""Whose a schedule is: an app's in one environment. An id alone does not say so, since anybody may choose one.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .._core.errors import ConfigurationError
from .._core.publishing.results.schedule import Schedule as Held
from .._core.settings.environment import Reader

LABEL = "qstash-integrations"
# What a schedule of ours can be called: others have ids that the API's paths do not take.
_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_PART = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_EXAMPLES = {"QSTASH_APP": "shop", "QSTASH_ENVIRONMENT": "production"}


@dataclass(frozen=True, slots=True)
class Owner:
    """An app in an environment. Ours is what has their ids' beginning and our label, and nothing else.

    ConfigurationError for names that are not letters, digits, '-' and '_', a hundred of them at most.
    """

    app: str
    """QSTASH_APP, such as ``shop``."""
    environment: str
    """QSTASH_ENVIRONMENT, such as ``production``."""

    def __post_init__(self) -> None:
        # A dot would make shop.eu in prod the same as shop in eu.prod.
        for name, value in zip(_EXAMPLES, (self.app, self.environment), strict=True):
            if not isinstance(value, str) or not _PART.fullmatch(value):
                raise ConfigurationError(
                    f"{name} must be letters, digits, '-' or '_', up to 100 of them, not {value!r}"
                )

    @classmethod
    def configured(cls, config: Mapping[str, Any] | None = None) -> Self:
        """By QSTASH_APP and QSTASH_ENVIRONMENT in ``config`` or the environment; neither is ever assumed.

        ConfigurationError that names the one that is not set.
        """
        read = Reader(config or {}, ())
        found = {name: (read(name) or "").strip() for name in _EXAMPLES}
        for name, value in found.items():
            if not value:
                raise ConfigurationError(
                    f"{name} is not set; schedules are told apart by it, as in {name}={_EXAMPLES[name]}"
                )
        return cls(*found.values())

    @property
    def prefix(self) -> str:
        """What the ids of its schedules begin with: ``shop.production.``."""
        return f"{self.app}.{self.environment}."

    def id_of(self, name: str) -> str:
        """What QStash knows the schedule of this name by."""
        return self.prefix + name

    def name_of(self, schedule_id: str) -> str:
        """What the code calls the schedule of this id; an id of somebody else's stays as it is."""
        return schedule_id.removeprefix(self.prefix)

    def owns(self, held: Held) -> bool:
        """Whether a schedule has both the prefix and our label: one of the two alone is somebody else's."""
        is_ours = held.schedule_id.startswith(self.prefix) and _NAME.fullmatch(self.name_of(held.schedule_id))
        return bool(is_ours) and LABEL in labels_of(held)


def labels_of(held: Held) -> tuple[str, ...]:
    return tuple(held.labels) or tuple((held.label or "").split(","))
