"""An engine on a clock that is moved by hand, and the verbs of whoever drives one."""

from collections.abc import Iterable
from typing import Any

from qstash_integrations.server.engine import Engine
from qstash_integrations.server.model import Event, Filter, Header, Keys, Message, Outcome, Publication, Receipt
from qstash_integrations.server.tables import Store

NOW = 1_800_000_000.0
URL = "https://app.example.com/hook"
KEYS = Keys(current="sig_TESTONLYcurrent000000000000A", next="sig_TESTONLYnext00000000000000BB")

MADE: "list[Driver]" = []
"""For whoever closes those of a test when it is over."""


class Driver:
    """Publishes with options named as the headers are: ``flow_control_key="crm"`` is Upstash-Flow-Control-Key."""

    def __init__(self, store: Store | None = None, **options: Any) -> None:
        MADE.append(self)
        self.now = NOW
        self.wall_now = NOW
        self.engine = Engine(
            store or Store.open(None),
            clock=lambda: self.now,
            wall_clock=lambda: self.wall_now,
            keys=KEYS,
            **options,
        )

    def publish(self, url: str = URL, body: bytes = b"hi", *, queue: str | None = None, **options: str) -> Receipt:
        receipts = self.engine.publishing.publish(publication(url, body, queue=queue, **options))
        assert not receipts.grouped
        return receipts.each[0]

    def claim(self, limit: int = 100) -> list[Message]:
        return self.engine.claiming.claim(limit)

    def claimed(self) -> list[str]:
        """The bodies of what is due now, which stays active."""
        return [message.body.decode() for message in self.claim()]

    def answer(
        self, message: Message, status: int = 200, body: bytes = b"", *, error: str = "", **headers: str
    ) -> None:
        self.engine.recording.record(
            message.seq,
            Outcome(
                status=status,
                headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
                body=body,
                error=error,
            ),
        )

    def deliver(self, status: int = 200, body: bytes = b"", **headers: str) -> list[Message]:
        """Answer all that is due now alike, callbacks that come of it not included."""
        messages = self.claim()
        for message in messages:
            self.answer(message, status, body, **headers)
        return messages

    def fail_for_good(self, url: str = URL, body: bytes = b"hi", **options: str) -> str:
        """The DLQ id of a message that was published and failed."""
        receipt = self.publish(url, body, **{"retries": "0", **options})
        self.deliver(500, b"broken")
        letters = self.engine.dead_letters.page(Filter(message_ids=(receipt.message_id,)), cursor=None, count=1)
        return letters.items[0].id

    def advance(self, seconds: float) -> None:
        self.now += seconds

    def events(self, message_id: str) -> list[Event]:
        """The oldest first."""
        wanted = Filter(message_ids=(message_id,))
        return list(self.engine.log.events(wanted, cursor=None, count=1000, earliest_first=True).items)

    def states(self, message_id: str) -> list[str]:
        return [event.state for event in self.events(message_id)]


def publication(
    destination: str = URL, body: bytes = b"hi", *, queue: str | None = None, **options: str
) -> Publication:
    return Publication(
        destination=destination, headers=headers(**options), body=body, queue=queue, caller_ip="203.0.113.9"
    )


def headers(**options: str) -> tuple[Header, ...]:
    return tuple((_header_name(name), value) for name, value in options.items())


def bodies(messages: Iterable[Message]) -> list[str]:
    return [message.body.decode() for message in messages]


def _header_name(option: str) -> str:
    name = "-".join(part.capitalize() for part in option.split("_"))
    return name if name == "Content-Type" else f"Upstash-{name}"
