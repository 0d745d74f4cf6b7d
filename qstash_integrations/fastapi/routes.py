"""``VerifiedRoute``: path operations that only QStash can call.

Spec: https://fastapi.tiangolo.com/how-to/custom-request-and-route/
"""

from typing import Unpack

from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from .._core.receiving.admission import ahandle
from .._core.receiving.asgi_host import AsgiHost
from .._core.receiving.guard import GuardOptions
from .._core.receiving.guards import Guards
from .._core.receiving.options import Wanted


class VerifiedRoute(APIRoute):
    """``APIRouter(route_class=VerifiedRoute)``: every path operation of the router takes only what QStash signed.

    What a handler raises to steer QStash is answered outside the dependencies, so a ``yield`` dependency sees the
    exception and can roll back.
    """

    qstash_guard: Guards = Guards(Wanted())

    @classmethod
    def using(cls, **options: Unpack[GuardOptions]) -> "type[VerifiedRoute]":
        """A route class with options, such as ``VerifiedRoute.using(max_body_size=1024)``.

        TypeError or ConfigurationError names an option that is wrong.
        """
        return type(cls.__name__, (cls,), {"qstash_guard": Guards(Wanted.taken_from(options))})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Verify, and let FastAPI handle what QStash signed; a stranger is answered 401 before anything is parsed."""
        guard = self.qstash_guard.of(scope)
        host = AsgiHost(scope, receive, send, super().handle)
        del scope, receive, send  # error trackers print the locals of raising frames
        await ahandle(guard, host)
