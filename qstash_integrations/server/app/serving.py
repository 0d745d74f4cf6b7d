"""Stores, engines, APIs and workers put together, in one event loop, in one thread.

Takes no setting from the environment: with the signing keys of an account, it would sign whatever a publisher here
asks for. It only refuses to start where the environment says that it is production.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ..._core.log_fields import fields
from ..._core.settings.production import declared
from ..attempt import Attempt
from ..faults import fault_log
from ..identifiers import password
from ..model import Headline, Keys, Note, StartupError
from ..tables import Store
from . import credentials, production
from .about import url_for_others
from .clients import Clients
from .config import LocalServer, ServerConfig
from .files import affordable
from .http import Http
from .listening import Bound, check_host, listen
from .users import User, Users

Watch: TypeAlias = Callable[[Attempt], None]
Follow: TypeAlias = Callable[[Headline | Note], None]


async def serve(
    config: ServerConfig,
    stopping: asyncio.Event,
    started: Callable[[LocalServer], None],
    clock: Callable[[], float],
    watch: Watch | None,
    follow: Follow | None = None,
) -> None:
    """Serve until ``stopping`` is set. ``started`` is told when connections can be made, ``watch`` of every attempt,
    ``follow`` of what else happens.
    """
    if not config.allow_production:
        production.check(os.environ)
    trusted = frozenset(map(check_host, config.allow_hosts))
    if config.read_only_token is not None:
        credentials.check_read_only_token(config.read_only_token)
    with listen(config.host, config.port) as bound, contextlib.ExitStack() as stores:
        _check_published(config, bound)
        is_published = bound.is_loopback or config.published_credentials
        code = None if is_published else password()

        def user(db: Path | None, token: str | None, keys: Keys, **secrets: str | None) -> User:
            store = stores.enter_context(contextlib.closing(Store.open(db)))
            token = token or credentials.token(store, is_published)
            return User(
                config,
                bound,
                store,
                token=token,
                keys=keys,
                clock=clock,
                watch=watch,
                follow=follow,
                trusted=trusted,
                is_published=is_published,
                **secrets,
            )

        # In production, where it runs for a test only, no app would take the published keys.
        has_published_keys = is_published and declared(os.environ) is None
        first = user(
            config.db,
            None,
            credentials.first_keys(has_published_keys),
            code=code,
            read_only_token=config.read_only_token,
        )
        if not has_published_keys:
            credentials.retire_published_keys(first.engine)
        # A file is the first one's; the others come with every server that everybody knows the credentials of.
        others = [user(None, *known) for known in (credentials.DEV_USERS if is_published else ())]
        log = fault_log()
        limits = config.limits
        clients = Clients(affordable(limits.connections), affordable(limits.connections_of_one_address))
        http = Http(Users(first, others), clients, config.client_patience, log)
        asyncio.get_running_loop().set_exception_handler(lambda _, context: _report(log, context))
        workers = [first.worker, *(other.worker for other in others)]
        production.announce(bound.url, os.environ)
        # Connections wait in the backlog for the moment that it takes to accept them.
        started(
            LocalServer(
                url=bound.url,
                url_for_others=url_for_others(config, bound),
                token=first.token,
                keys=first.engine.keys.get(),
                is_loopback=bound.is_loopback,
                is_published=is_published,
                db=config.db,
                dashboard=f"{bound.url}/#token={code}" if code else f"{bound.url}/",
                read_only_token=config.read_only_token,
            )
        )
        tasks = [asyncio.create_task(http.serve([bound.socket])), *(asyncio.create_task(w.run()) for w in workers)]
        ending = asyncio.create_task(stopping.wait())
        await asyncio.wait((ending, *tasks), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        # What is being delivered may publish in turn: the API answers until that has ended.
        await asyncio.gather(*(worker.stop(config.patience) for worker in workers))
        http.should_exit = True
        await asyncio.gather(*tasks)


def _check_published(config: ServerConfig, bound: Bound) -> None:
    if not config.published_credentials:
        return
    if bound.is_loopback:
        raise StartupError("--published-credentials is for a --host that others reach; on this machine it needs none")
    if declared(os.environ) is not None:
        raise StartupError("--published-credentials is never for production; leave it out, and it makes its own")


def _report(log: logging.Logger, context: Mapping[str, Any]) -> None:
    """What the event loop could not hand to anybody, such as no file being left for a connection."""
    log.error(
        "the local QStash: %s",
        context["message"],
        exc_info=context.get("exception"),
        extra=fields("server_failed"),
    )
