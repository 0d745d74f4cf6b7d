"""Extra ``starlette``: a route behind ``verify_qstash`` runs for a signed request alone."""

import anyio
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qstash_integrations import current_delivery
from qstash_integrations.starlette import QStash, verify_qstash
from qstash_integrations.testing import sign

URL = "https://testserver/ship"


@verify_qstash
async def ship(request: Request) -> Response:
    assert current_delivery().json() == {"id": 3}
    return Response(status_code=204)


app = Starlette(routes=[Route("/ship", ship, methods=["POST"])])
QStash(app)


async def main() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        assert (await client.post(URL, content=b'{"id": 3}')).status_code == 401
        signed = sign(url=URL, body=b'{"id": 3}')
        assert (await client.post(URL, content=b'{"id": 3}', headers=signed)).status_code == 204


anyio.run(main)
