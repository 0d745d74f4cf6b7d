"""The probe in any ASGI app.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from collections.abc import Iterable

from .admission import ahandle
from .asgi_host import DELIVERY, AsgiHost, Receive, Scope, Send, reply
from .guards import Guards
from .head import head_of_scope
from .options import Wanted
from .probe import facts_of


class Probe:
    """The endpoint; ``behind`` are apps that have values, as for a middleware."""

    def __init__(self, framework: str, wanted: Wanted | None = None, behind: Iterable[object] = ()) -> None:
        given = wanted or Wanted()
        # A reporter of its own comes with it: a probe must not use up the minute's record of a real rejection.
        self.qstash_guard: Guards = Guards(Wanted(given.given, {**given.options, "of_probe": True}))
        self._framework = framework
        self._behind = tuple(behind)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        running = ahandle(self.qstash_guard.of(scope, self._behind), AsgiHost(scope, receive, send, self._tell))
        del scope, receive, send  # error trackers print the locals of raising frames
        await running

    async def _tell(self, scope: Scope, receive: Receive, send: Send) -> None:
        told = facts_of(head_of_scope(scope), scope["state"][DELIVERY], self._framework)
        method = scope["method"]
        del scope, receive
        await reply(told, method, send)
