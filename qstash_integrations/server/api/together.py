"""Calls that change something, made as they come or, where there is an event loop, those of one turn with one commit.

A commit costs about as much as the rest of a call, and hardly more for many calls than for one. Nobody waits for
others to come: a turn takes what has come in already.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from ..engine import Engine
from .api_call import Reply

Run: TypeAlias = Callable[[Callable[[], Reply]], Awaitable[Reply]]


async def at_once(call: Callable[[], Reply]) -> Reply:
    return call()


class Together:
    """Belongs to one event loop. No call has its reply before what it changed is committed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[tuple[Callable[[], Reply], asyncio.Future[Reply]]] = []

    async def __call__(self, call: Callable[[], Reply]) -> Reply:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Reply] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._run)
        self._waiting.append((call, answer))
        return await answer

    def _run(self) -> None:
        waiting, self._waiting = self._waiting, []
        for (_, answer), outcome in zip(waiting, self._outcomes([call for call, _ in waiting]), strict=True):
            if answer.cancelled():
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

    def _outcomes(self, calls: Sequence[Callable[[], Reply]]) -> list[Reply | Exception]:
        if len(calls) > 1:
            try:
                with self._engine.together():
                    return [_outcome(call) for call in calls]
            # Nothing of any of them is stored. One may be too much where the others are not.
            except Exception:  # noqa: BLE001
                return [_outcome(call) for call in calls]
        return [_outcome(call) for call in calls]


def _outcome(call: Callable[[], Reply]) -> Reply | Exception:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - raised again where the call is waited for
        return error
