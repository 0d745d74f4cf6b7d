"""Orders that QStash ships, in Starlette. The configuration is the QSTASH_* environment variables.

In production, where PROXY is the address of the proxy that ends TLS, the only one whose `X-Forwarded-*` are believed:

    uvicorn starlette_app:app --host 0.0.0.0 --port 8000 --forwarded-allow-ips ${PROXY:-127.0.0.1}

In containers, beside a local QStash: `docker compose --profile starlette_app up --build`.
"""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from qstash_integrations import NonRetryable, RetryAfter, current_delivery
from qstash_integrations.starlette import QStash, QStashMiddleware, qstash
from qstash_integrations.tasks import Callback, schedule, task

shipped: list[int] = []
invoices: list[str] = []


@task(retries=5)
async def invoice(order_id: int) -> str:
    return f"invoice {order_id}"


@task
async def note(callback: Callback) -> None:
    invoices.append(invoice.result(callback))


monthly = schedule("monthly-invoice", "0 3 1 * *", invoice.bind(order_id=0), tz="Europe/Berlin")


async def order(request: Request) -> JSONResponse:
    published = await qstash.publish_json(url=qstash.url_for("ship"), body=await request.json())
    return JSONResponse({"message_id": published.message_id}, 202)


async def ship(request: Request) -> JSONResponse:
    delivery = current_delivery()
    order = delivery.json()
    if order["id"] <= 0:
        raise NonRetryable("no such order")
    if order.get("fails", 0) > (delivery.retried or 0):
        raise RetryAfter(1)
    shipped.append(order["id"])
    return JSONResponse({"shipped": order["id"]})


async def order_invoice(request: Request) -> JSONResponse:
    published = await invoice.using(callback=note).apublish(order_id=(await request.json())["id"])
    return JSONResponse({"message_id": published.message_id}, 202)


async def list_invoices(request: Request) -> JSONResponse:
    return JSONResponse(invoices)


async def list_shipped(request: Request) -> JSONResponse:
    return JSONResponse(shipped)


hooks = [Route("/ship", ship, methods=["POST"])]
app = Starlette(
    routes=[
        Route("/orders", order, methods=["POST"]),
        Mount("/hooks", routes=hooks, middleware=[Middleware(QStashMiddleware)]),
        Route("/invoices", order_invoice, methods=["POST"]),
        Route("/invoices", list_invoices),
        Route("/shipped", list_shipped),
    ]
)
QStash(app, tasks=[invoice, note])
