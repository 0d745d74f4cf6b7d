"""What every publisher sends, caught where the network would begin."""

from collections.abc import Generator
from contextlib import contextmanager

from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport

ACCEPTED = APIResponse(201, b'{"messageId":"msg_1"}')


@contextmanager
def outbox(answer: APIResponse = ACCEPTED) -> Generator[list[APIRequest]]:
    """The requests so far; each of them gets ``answer``."""
    sent: list[APIRequest] = []

    def keep(request: APIRequest) -> APIResponse:
        sent.append(request)
        return answer

    with override_transport(keep):
        yield sent
