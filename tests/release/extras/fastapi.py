"""Extra ``fastapi``: an endpoint of a ``VerifiedRoute`` runs for a signed request alone."""

import anyio
import httpx
from fastapi import APIRouter, FastAPI

from qstash_integrations.fastapi import DeliveryDep, QStash, VerifiedRoute
from qstash_integrations.testing import sign

URL = "https://testserver/ship"
app = FastAPI()
QStash(app)
hooks = APIRouter(route_class=VerifiedRoute)


@hooks.post("/ship")
async def ship(delivery: DeliveryDep) -> int:
    return int(delivery.json()["id"])


app.include_router(hooks)


async def main() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        assert (await client.post(URL, content=b'{"id": 3}')).status_code == 401
        assert (await client.post(URL, content=b'{"id": 3}', headers=sign(url=URL, body=b'{"id": 3}'))).json() == 3


anyio.run(main)
