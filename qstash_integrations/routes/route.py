"""A route, and what verifies the requests to it. Values alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

By: TypeAlias = Literal["endpoint", "dependency", "hook", "middleware"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How the requests to a route are verified. Holds no secret."""

    by: By
    bases: Sequence[str] = ()
    """What the signed URLs begin with; empty where any fits, or none is known."""
    any_url: bool = False
    """``verify_url=False``: a request that was signed for any other URL of the account passes."""
    url_match: str = "exact"
    once: str | None = None
    """The kind of the store with which each message is handled once."""
    inbox: str | None = None
    """The alias of the database that has its marks, in Django."""
    max_body_size: int
    """Bytes."""
    body_timeout: float
    """Seconds."""
    own_public_url: bool = False
    """Its public URL is none of the settings' but an argument of its own."""
    own_keys: bool = False
    """So are its keys, or its whole receiver."""
    problem: str | None = None
    """Why it refuses everything: a setting is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route, as its framework writes the path."""

    path: str
    methods: Sequence[str] = ()
    """In alphabetical order; empty where it takes any, or does not say."""
    handler: str
    """The dotted name of the function or class."""
    host: str | None = None
    """On which alone it answers."""
    verification: Verification | None = None
    """None: it is open."""
    task: str | None = None
    """The name of the task that it runs; "*" for those of ``django.tasks``, whose names are a part of the path."""
    decorated_late: bool = False
    """It is open although ``verify_qstash`` stands above it: the decorator stands on the wrong side of the route's."""
    csrf_exempt: bool = False
    """It gave up Django's protection of forms, as whatever takes requests of programs has to."""
    behind_login: bool = False
    """Django's LoginRequiredMiddleware answers whoever has no session, which QStash never has."""

    @property
    def takes_post(self) -> bool:
        """Whether QStash could call it as it does unless told otherwise; a route without methods takes any."""
        return not self.methods or "POST" in self.methods

    @property
    def urls(self) -> Sequence[str]:
        """What QStash has to sign for it; parameters stand in the path as the framework writes them."""
        if self.verification is None:
            return ()
        return tuple(base + self.path for base in self.verification.bases)

    def below(self, prefix: str, host: str | None = None) -> Self:
        """As it stands in an app that mounts this one."""
        return replace(self, path=prefix + self.path, host=self.host or host)

    def behind(self, verification: Verification | None) -> Self:
        """As it stands behind something that verifies too; what is nearest to the handler counts."""
        return self if self.verification or verification is None else replace(self, verification=verification)
