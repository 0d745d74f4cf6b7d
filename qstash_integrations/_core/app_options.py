"""``QStash(app, ...)``: the settings as arguments, how its publisher sends, and the options of its verified endpoints.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

from collections.abc import Mapping
from typing import Any, cast

from .given import Values
from .publishing.manner import ClientOptions, Manner, manner_of
from .receiving.guard import GuardOptions
from .receiving.options import Wanted


class AppOptions(Values, ClientOptions, GuardOptions, total=False):
    """The options of ``QStash(app, ...)``. What an endpoint says itself wins over them."""


class ForApp:
    """The options of an app, checked and sorted. Prints nothing of them: they may be secrets."""

    __slots__ = ("_client", "wanted")

    def __init__(self, wanted: Wanted | None = None, client: Mapping[str, Any] | None = None) -> None:
        self.wanted: Wanted = wanted or Wanted()
        self._client = client or {}

    @classmethod
    def taken_from(cls, options: Any) -> "ForApp":
        """Out of a function's own keywords, which hold no secret afterwards.

        Raises TypeError for an unknown option, TypeError or ConfigurationError that names it for a bad value.
        """
        client = {name: options.pop(name) for name in ClientOptions.__annotations__ if name in options}
        for_app = cls(client={name: value for name, value in client.items() if value is not None})
        del client  # error trackers print the locals of raising frames
        for_app.wanted = Wanted.taken_from(options, AppOptions.__annotations__)
        for_app.manner()
        return for_app

    def manner(self, configured: Mapping[str, Any] | None = None) -> Manner:
        """How its publisher sends: as it was told here, then as its framework's configuration says."""
        made = manner_of(cast("ClientOptions", self._client), configured)
        del configured
        if isinstance(made, Exception):
            raise made
        return made

    def but(self, other: "ForApp") -> "ForApp":
        """With those of the other one instead, where both say something."""
        return ForApp(other.wanted.within(self.wanted), {**self._client, **other._client})
