"""The connections of clients: how many there may be, and until when each has to get on with what it does.

Whoever does not get on makes room before anybody is turned away, the one that has stood still for longest first. So
connections that do nothing keep nobody out, and a crowd that has just come is not chased away by the next one.
"""

import math
from collections import Counter
from typing import Protocol

GRACE = 1.0  # seconds for which a connection may stand still and need not make room


class Client(Protocol):
    address: str

    def abort(self) -> None: ...


class Clients:
    """At most ``most`` connections, ``most_of_one`` of one address. Instants are of a clock that only goes forward."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._deadlines: dict[Client, float] = {}
        self._addresses: Counter[str] = Counter()
        # Since when they have not got on with a request or an answer; who has stood still for longest stands first.
        self._waiting: dict[Client, float] = {}

    def __len__(self) -> int:
        return len(self._deadlines)

    def admit(self, client: Client, now: float, deadline: float) -> bool:
        """Whether there is room, which may cost another one its connection. ``leave`` must follow."""
        if self._addresses[client.address] >= self._most_of_one and not self._end_one(client.address, now):
            return False
        if len(self._deadlines) >= self._most and not self._end_one(None, now):
            return False
        self._addresses[client.address] += 1
        self._deadlines[client] = deadline
        self._waiting[client] = now
        return True

    def leave(self, client: Client) -> None:
        """It is gone; nothing happens where it was not admitted, or left before."""
        if self._deadlines.pop(client, None) is None:
            return
        self._waiting.pop(client, None)
        self._addresses[client.address] -= 1
        if not self._addresses[client.address]:
            del self._addresses[client.address]

    def wait(self, client: Client, now: float, deadline: float) -> None:
        """It got on with something, and something more has to be done by then."""
        if client in self._deadlines:
            self._deadlines[client] = deadline
            self._waiting.pop(client, None)
            self._waiting[client] = now

    def serve(self, client: Client) -> None:
        """It is the server's turn."""
        if client in self._deadlines:
            self._deadlines[client] = math.inf
            self._waiting.pop(client, None)

    def end_late(self, now: float) -> int:
        """End those whose deadline is over; how many there were."""
        late = [client for client, deadline in self._deadlines.items() if deadline < now]
        for client in late:
            self._end(client)
        return len(late)

    def _end_one(self, address: str | None, now: float) -> bool:
        for client, since in self._waiting.items():
            if since > now - GRACE:
                return False
            if address in (None, client.address):
                self._end(client)
                return True
        return False

    def _end(self, client: Client) -> None:
        # Its transport tells later that it is gone; its place is free now.
        self.leave(client)
        client.abort()
