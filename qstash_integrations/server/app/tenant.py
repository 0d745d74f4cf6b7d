"""One user's QStash: a store, the engine over it, the API in front and the worker behind. Users share nothing else."""

from collections.abc import Callable

from ..api import Access, Api, Together
from ..attempt import Attempt
from ..engine import Engine
from ..model import Keys
from ..tables import Store
from ..worker import Rewrites, Sender, Worker
from .config import ServerConfig
from .listening import Bound


class Tenant:
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
        code: str | None = None,
    ) -> None:
        self.token = token
        self.engine: Engine = Engine(store, clock=clock, keys=keys, limits=config.limits, retention=config.retention)
        network = config.network or ("local" if bound.is_loopback else "public")
        self.worker: Worker = Worker(
            self.engine,
            Sender(network, bound.address, rewrites=Rewrites(config.rewrites)),
            clock=clock,
            longest_timeout=config.longest_timeout,
            watch=watch,
        )
        self.api: Api = Api(
            self.engine,
            Access(token, bound.names, code=code),
            changed=self.worker.wake,
            run=Together(self.engine),
        )
