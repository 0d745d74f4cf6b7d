"""``publish_many`` beside the official ``batch_json`` with a hundred at a time, and the memory that a million need.

Ours with as many in a batch as it takes unasked, and with a thousand, as a bulk load would have it: then less of the
time is the HTTP library's. The official batch is the caller's to cut.

The server counts the messages, and their bodies and deduplication ids, which must all be different.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any

import qstash

from qstash_integrations import QStash

from .measure import seconds_of
from .peer_server import TOKEN, Peer, Seen, serving
from .table import Row, at_least, at_most

MESSAGES = 10_000
CHUNK = 100
# Messages in a batch of ours, and how many times the peer it is to be.
WANTED = {CHUNK: 1, 1000: 2.2}
FEW, MANY = 100_000, 1_000_000
OURS, OFFICIAL = "https://api.example.com/ours", "https://api.example.com/official"


def measure() -> list[Row]:
    return [*_speed(), _memory()]


def seconds_for_all() -> dict[str, float]:
    """Of every side, in turns."""
    numbers = {side: count() for side in (OURS, OFFICIAL)}
    with serving() as peer, QStash(TOKEN, base_url=peer.url) as ours:
        official = qstash.QStash(TOKEN, base_url=peer.url)

        def publish(chunk_size: int) -> None:
            ours.publish_many_json(_messages(OURS, numbers[OURS], MESSAGES), chunk_size=chunk_size).send()

        def publish_officially() -> None:
            messages: Iterator[Any] = _messages(OFFICIAL, numbers[OFFICIAL], MESSAGES)
            while chunk := list(islice(messages, CHUNK)):
                official.message.batch_json(chunk)

        ways: dict[str, Callable[[], None]] = {str(size): partial(publish, size) for size in WANTED}
        found = seconds_of({**ways, "peer": publish_officially}, rounds=9)
        sent, officially = (next(numbers[side]) for side in (OURS, OFFICIAL))
        _check(peer, {OURS: Seen(sent, sent, sent), OFFICIAL: Seen(officially, officially, 0)})
    return found


def peak_memory(wanted: int) -> float:
    """Of this process, which publishes so many out of a generator, in MiB."""
    with serving() as peer, QStash(TOKEN, base_url=peer.url) as qstash:
        accepted = qstash.publish_many_json(_messages(OURS, count(), wanted), chunk_size=CHUNK).send()
        assert accepted == wanted
        _check(peer, {OURS: Seen(wanted, wanted, wanted)})
    return _peak()


def _speed() -> Iterator[Row]:
    found = seconds_for_all()
    peer = MESSAGES / found["peer"]
    for size, wanted in WANTED.items():
        ours = MESSAGES / found[str(size)]
        what = f"publish_many, {size:,} at a time"
        ratios = [at_least(ours / peer, wanted, "times the peer")]
        yield Row("publish_many", what, "messages per second", ours, peer, targets=ratios)


def _memory() -> Row:
    few, many = (_peak_of_a_process(messages) for messages in (FEW, MANY))
    ratios = [at_most(many / few, 1.05, f"of the {few:.0f} MiB for {FEW:,}")]
    return Row("publish_many", f"peak memory of publish_many, {MANY:,} messages", "MiB", many, targets=ratios)


def _peak_of_a_process(messages: int) -> float:
    program = f"from benchmarks.publish_many import peak_memory; print(peak_memory({messages}))"
    root = Path(__file__).parent.parent
    return float(subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, cwd=root).stdout)


def _messages(url: str, numbers: "count[int]", many: int) -> Iterator[Any]:
    for number in islice(numbers, many):
        yield {"url": url, "body": {"id": number, "note": "x" * 40}}


def _check(peer: Peer, expected: dict[str, Seen]) -> None:
    seen = peer.seen()
    assert seen == expected, seen


def _peak() -> float:
    if sys.platform == "linux":
        # What getrusage says may be of the process that started this one.
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
