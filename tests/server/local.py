"""The API on an engine in memory, called in-process; a hand on its clock, and on what destinations answer."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from qstash_integrations.server.api import LOCAL_NAMES, Access, Api
from qstash_integrations.server.engine import Engine
from qstash_integrations.server.model import Keys, Limits, Message, Outcome
from qstash_integrations.server.tables import Store
from qstash_integrations.server.tables.database import connect
from tests.hosts import Request, asgi_send
from tests.signing import CURRENT, NEXT, NOW

TOKEN = "TESTONLY-token"
URL = "https://a.example/in"


class Got(NamedTuple):
    status: int
    json: Any  # None: no body


class Local:
    """One server, empty at the start but for what is in its file."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        max_bytes: int | None = None,
        now: float = NOW,
        file: Path | None = None,
    ) -> None:
        self.now: float = now
        self.changes = 0
        self.connection = connect(file, max_bytes=max_bytes)
        self.store = Store(self.connection)
        self.engine = Engine(
            self.store,
            clock=lambda: self.now,
            wall_clock=lambda: self.now,
            keys=Keys(current=CURRENT, next=NEXT),
            limits=limits,
        )
        self.api = Api(self.engine, Access(TOKEN, LOCAL_NAMES), changed=self._changed)
        self.send = asgi_send(self.api)

    def __call__(
        self,
        method: str,
        target: str,
        body: object = b"",
        headers: Mapping[str, str | bytes] | None = None,
        *,
        token: str | None = TOKEN,
    ) -> Got:
        """One call of the API; a body that is not bytes is sent as JSON."""
        fields: list[tuple[str, str | bytes]] = [("Host", "127.0.0.1:8080"), *(headers or {}).items()]
        if token is not None:
            fields.append(("Authorization", f"Bearer {token}"))
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.send(Request(target, fields, raw, method=method))
        assert answer.headers["cache-control"] == "no-store"
        assert not [name for name in answer.headers if name.startswith("access-control")]
        if not answer.body:
            return Got(answer.status, None)
        assert answer.headers["content-type"] == "application/json"
        return Got(answer.status, json.loads(answer.body))

    def publish(self, destination: str = URL, body: bytes = b"", **headers: str) -> str:
        """The id of a message that was published with these ``Upstash-*`` headers (underscores for hyphens)."""
        names = {f"Upstash-{name.replace('_', '-')}": value for name, value in headers.items()}
        status, answer = self("POST", f"/v2/publish/{destination}", body, names)
        assert status == 201, answer
        return str(answer["messageId"])

    def deliver(self, status: int = 200, body: bytes = b"", **headers: str) -> Message:
        """One due message is delivered, and its destination answers."""
        (message,) = self.engine.claiming.claim(1)
        fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        error = "" if status else "Connection refused"
        self.engine.recording.record(message.seq, Outcome(status=status, headers=fields, body=body, error=error))
        return message

    def _changed(self) -> None:
        self.changes += 1
