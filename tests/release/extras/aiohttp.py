"""Extra ``aiohttp``: a handler behind ``verify_qstash`` runs for a signed request alone."""

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from qstash_integrations.aiohttp import DELIVERY, verify_qstash
from qstash_integrations.testing import sign


@verify_qstash
async def ship(request: web.Request) -> web.Response:
    return web.json_response(request[DELIVERY].json()["id"])


async def main() -> None:
    app = web.Application()
    app.router.add_post("/ship", ship)
    async with TestClient(TestServer(app)) as client:
        async with client.post("/ship", data=b'{"id": 3}') as refused:
            assert refused.status == 401
        signed = sign(url="https://testserver/ship", body=b'{"id": 3}')
        async with client.post("/ship", data=b'{"id": 3}', headers=signed) as answer:
            assert await answer.json() == 3


asyncio.run(main())
