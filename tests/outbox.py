"""What every publisher sends, caught where the network would begin."""

from collections.abc import Generator
from contextlib import contextmanager

from qstash_integrations._core.publishing.client import Request, Response, override_transport

ACCEPTED = Response(201, b'{"messageId":"msg_1"}')


@contextmanager
def outbox(answer: Response = ACCEPTED) -> Generator[list[Request]]:
    """The requests so far; each of them gets ``answer``."""
    sent: list[Request] = []

    def keep(request: Request) -> Response:
        sent.append(request)
        return answer

    with override_transport(keep):
        yield sent
