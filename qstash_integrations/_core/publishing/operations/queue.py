"""Create, read, pause and delete queues.

Spec: https://upstash.com/docs/qstash/features/queues
"""

from typing import Any

from ..inputs import check_name
from ..results.fields import read_list, reads
from ..results.queue import Queue
from . import Operation, change, nothing

_MOST_PARALLELISM = 1_000_000


def upsert(queue: str, *, parallelism: int, paused: bool) -> Operation[None]:
    check_name(queue, "queue")
    if type(parallelism) is not int:
        raise TypeError(f"parallelism must be an int, not {type(parallelism).__name__}")
    if not 1 <= parallelism <= _MOST_PARALLELISM:
        raise ValueError(f"parallelism must be a number from 1 to {_MOST_PARALLELISM}, not {parallelism}")
    if type(paused) is not bool:
        raise TypeError(f"paused must be True or False, not {paused!r}")
    return change("POST", "/v2/queues", {"queueName": queue, "parallelism": parallelism, "paused": paused})


def get(queue: str) -> Operation[Queue]:
    return Operation(method="GET", path=_path(queue), read=reads(Queue), repeatable=True)


def list_all() -> Operation[list[Queue]]:
    return Operation(method="GET", path="/v2/queues", read=_read_queues, repeatable=True)


def delete(queue: str) -> Operation[None]:
    return Operation(method="DELETE", path=_path(queue), read=nothing, repeatable=True)


def pause(queue: str) -> Operation[None]:
    return Operation(method="POST", path=f"{_path(queue)}/pause", read=nothing, repeatable=True)


def resume(queue: str) -> Operation[None]:
    return Operation(method="POST", path=f"{_path(queue)}/resume", read=nothing, repeatable=True)


def _path(queue: str) -> str:
    return f"/v2/queues/{check_name(queue, 'queue')}"


def _read_queues(answer: Any) -> list[Queue]:
    return read_list(answer, reads(Queue), "queues")
