"""Several users at one address, each with a QStash of their own."""

from collections.abc import Mapping

from .access import token_of
from .app import Api
from .asgi import Receive, Scope, Send


class Users:
    """The API of the user whose token comes with a request; ``first`` answers where it is nobody's, or none is needed.

    Each API looks at the token again: this decides who is asked, and lets nobody in.
    """

    def __init__(self, first: Api, others: Mapping[str, Api]) -> None:
        self._first = first
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        headers = {"authorization": ", ".join(given)}
        token = token_of(headers, scope["query_string"].decode("latin-1"))
        await self._others.get(token, self._first)(scope, receive, send)
