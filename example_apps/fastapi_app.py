"""Orders that QStash ships, in FastAPI. The configuration is the QSTASH_* environment variables.

In production, where PROXY is the address of the proxy that ends TLS, the only one whose `X-Forwarded-*` are believed:

    uvicorn fastapi_app:app --host 0.0.0.0 --port 8000 --forwarded-allow-ips ${PROXY:-127.0.0.1}

In containers, beside a local QStash: `docker compose --profile fastapi_app up --build`.
"""

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

from qstash_integrations import NonRetryable, RetryAfter
from qstash_integrations.fastapi import DeliveryDep, QStash, QStashDep, VerifiedRoute
from qstash_integrations.tasks import RESULT, Callback, chain, schedule, task

app = FastAPI()
hooks = APIRouter(prefix="/hooks", route_class=VerifiedRoute)
shipped: list[int] = []
invoices: list[str] = []
mailed: list[tuple[str, str]] = []


@task(retries=5)
async def invoice(order_id: int) -> str:
    return f"invoice {order_id}"


@task
async def note(callback: Callback) -> None:
    invoices.append(invoice.result(callback))


@task
async def mail(to: str, text: str) -> None:
    mailed.append((to, text))


monthly = schedule("monthly-invoice", "0 3 1 * *", invoice.bind(order_id=0), tz="Europe/Berlin")
QStash(app, tasks=[invoice, note, mail])


class Order(BaseModel):
    id: int
    fails: int = 0


@app.post("/orders", status_code=202)
async def order(order: Order, qstash: QStashDep) -> dict[str, str]:
    published = await qstash.publish_json(url=qstash.url_for("ship"), body=order.model_dump())
    return {"message_id": published.message_id}


@hooks.post("/ship")
async def ship(order: Order, delivery: DeliveryDep) -> dict[str, int]:
    if order.id <= 0:
        raise NonRetryable("no such order")
    if order.fails > (delivery.retried or 0):
        raise RetryAfter(1)
    shipped.append(order.id)
    return {"shipped": order.id}


@app.post("/invoices", status_code=202)
async def order_invoice(order: Order) -> dict[str, str]:
    written = invoice.using(callback=note).bind(order_id=order.id)
    published = await chain(written, mail.bind(to="ada@example.com", text=RESULT)).apublish()
    return {"message_id": published.message_id}


@app.get("/invoices")
async def list_invoices() -> list[str]:
    return invoices


@app.get("/shipped")
async def list_shipped() -> list[int]:
    return shipped


app.include_router(hooks)
