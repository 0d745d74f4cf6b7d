"""One thing that may arrive at a server, and the ways in which it may end."""

import hashlib
from collections.abc import Collection, Sequence
from enum import Enum
from typing import NamedTuple

from tests.servers.cases.requests import BODY
from tests.servers.sites import Running
from tests.servers.wire import Answer

# To a client that is gone the app sends nothing, and of that granian makes this.
_GRANIAN_WITHOUT_ANSWER = (500, b"Internal server error")
_FIXED = {"content-type": "application/json", "cache-control": "no-store"}


class End(Enum):
    """How a request ended, as the client sees it."""

    RAN = "the handler ran"
    REFUSED = "our 401"
    INCOMPLETE = "our 400"
    NO_LENGTH = "our 411"
    TOO_LARGE = "our 413"
    TURNED_AWAY = "a 3xx or 4xx of the server's or the framework's own, or no answer at all"
    BROKEN = "anything else"


_OURS = {
    (401, b'{"error":"invalid signature"}'): End.REFUSED,
    (400, b'{"error":"incomplete body"}'): End.INCOMPLETE,
    (411, b'{"error":"length required"}'): End.NO_LENGTH,
    (413, b'{"error":"body too large"}'): End.TOO_LARGE,
}


class Case(NamedTuple):
    sent: tuple[bytes, ...]
    ends: frozenset[End]
    body: bytes = BODY
    """What the handler sees if it runs."""
    hang_up: bool = False
    """The client says that it will send no more."""


def case(*sent: bytes, ends: End | Sequence[End], body: bytes = BODY, hang_up: bool = False) -> Case:
    return Case(sent, frozenset([ends] if isinstance(ends, End) else ends), body, hang_up)


def ends_of(answers: Sequence[Answer]) -> list[End]:
    """How the requests on a connection ended, as far as they were answered."""
    return [end_of(answer) for answer in answers if answer.status != 100]


def end_of(answer: Answer) -> End:
    status, headers, body = answer
    if status == 200:
        return End.RAN
    if all(headers.get(name) == value for name, value in _FIXED.items()):
        end = _OURS.get((status, body), End.BROKEN)
        challenged = headers.get("www-authenticate") == "Upstash-Signature"
        return end if challenged == (end is End.REFUSED) else End.BROKEN
    # 501 is for a transfer coding that the server does not know.
    if 300 <= status < 500 or status == 501 or (status, body) == _GRANIAN_WITHOUT_ANSWER:
        return End.TURNED_AWAY
    return End.BROKEN


def verdict(running: Running, case: Case, also: Collection[End] = ()) -> str | None:
    """What was wrong with how this case ended at this site; None when nothing was. ``also`` widens its ends."""
    allowed = case.ends.union(also)
    digest = hashlib.sha256(case.body).hexdigest()
    # A handler in a thread may run behind what its server answers to the bytes that follow.
    late, running.may_run_late = running.may_run_late, digest if End.RAN in allowed else None
    if strays := [seen for seen in running.new_runs() if seen.split(" ")[:2] != [late, late]]:
        return f"the handler ran late for the case before: {strays}"
    answers = running.exchange(*case.sent, hang_up=case.hang_up)
    runs = running.new_runs()
    end = next(iter(ends_of(answers)), End.TURNED_AWAY)
    if any(seen.split(" ")[:2] != [digest, digest] for seen in runs):
        return f"the handler saw another body: {runs}"
    # A server may run the handler and then answer something else, because of what follows the request.
    ran = end is End.RAN or (end is End.TURNED_AWAY and bool(runs) and End.RAN in allowed)
    if len(runs) != ran:
        return f"the handler ran {len(runs)} times, and the answers are {answers}"
    if end not in allowed:
        return f"it ended with {end.value}: {answers}"
    return None
