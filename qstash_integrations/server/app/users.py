"""One user's QStash: a store, the engine over it, the API in front and the worker behind. Several share an address."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..api import Access, Api, Receive, Scope, Send, Together, token_of
from ..attempt import Attempt
from ..engine import Engine
from ..model import Headline, Keys, Note
from ..tables import Store
from ..worker import Rewrites, Sender, Worker
from .about import about, network_of
from .config import ServerConfig
from .files import affordable
from .listening import Bound


class User:
    """``keys`` are for a store that has none yet. Whoever opened the store closes it."""

    def __init__(
        self,
        config: ServerConfig,
        bound: Bound,
        store: Store,
        *,
        token: str,
        keys: Keys,
        clock: Callable[[], float],
        watch: Callable[[Attempt], None] | None,
        trusted: frozenset[str] = frozenset(),
        is_published: bool = True,
        follow: Callable[[Headline | Note], None] | None = None,
        code: str | None = None,
        read_only_token: str | None = None,
    ) -> None:
        self.token = token
        limits = replace(config.limits, parallelism=affordable(config.limits.parallelism))
        self.engine: Engine = Engine(store, clock=clock, keys=keys, limits=limits, retention=config.retention)
        self.worker: Worker = Worker(
            self.engine,
            Sender(network_of(config, bound), bound.address, rewrites=Rewrites(config.rewrites)),
            clock=clock,
            watch=watch,
            follow=follow,
        )
        self.api: Api = Api(
            self.engine,
            Access(token, bound.names(is_published), trusted=trusted, code=code, read_only_token=read_only_token),
            changed=self.worker.wake,
            run=Together(self.engine),
            about=about(config, bound),
        )


class Users:
    """The API of the user whose token comes with a request; ``first`` answers where it is nobody's, or none is needed.

    Each API looks at the token again: this decides who is asked, and lets nobody in.
    """

    def __init__(self, first: User, others: Sequence[User]) -> None:
        self._first = first.api
        self._others = {other.token: other.api for other in others}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        headers = {"authorization": ", ".join(given)}
        token = token_of(headers, scope["query_string"].decode("latin-1"))
        await self._others.get(token, self._first)(scope, receive, send)
