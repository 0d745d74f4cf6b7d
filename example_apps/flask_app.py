"""Orders that QStash ships, in Flask. The configuration is the QSTASH_* environment variables.

In production, where PROXY is the address of the proxy that ends TLS, the only one whose `X-Forwarded-*` are believed:

    gunicorn flask_app:app --bind 0.0.0.0:8000 --threads 4 --forwarded-allow-ips ${PROXY:-127.0.0.1}

In containers, beside a local QStash: `docker compose --profile flask_app up --build`.
"""

from typing import Any

from flask import Flask, request

from qstash_integrations import NonRetryable, RetryAfter, current_delivery
from qstash_integrations.flask import QStash, qstash, verify_qstash
from qstash_integrations.tasks import Callback, schedule, task

app = Flask(__name__)
shipped: list[int] = []
invoices: list[str] = []


@task(retries=5)
def invoice(order_id: int) -> str:
    return f"invoice {order_id}"


@task
def note(callback: Callback) -> None:
    invoices.append(invoice.result(callback))


monthly = schedule("monthly-invoice", "0 3 1 * *", invoice.bind(order_id=0), tz="Europe/Berlin")
QStash(app, tasks=[invoice, note])


@app.post("/orders")
def order() -> tuple[dict[str, str], int]:
    published = qstash.publish_json(url=qstash.url_for("ship"), body=request.get_json())
    return {"message_id": published.message_id}, 202


@app.post("/hooks/ship")
@verify_qstash
def ship() -> dict[str, Any]:
    delivery = current_delivery()
    order = delivery.json()
    if order["id"] <= 0:
        raise NonRetryable("no such order")
    if order.get("fails", 0) > (delivery.retried or 0):
        raise RetryAfter(1)
    shipped.append(order["id"])
    return {"shipped": order["id"]}


@app.post("/invoices")
def order_invoice() -> tuple[dict[str, str], int]:
    published = invoice.using(callback=note).publish(order_id=request.get_json()["id"])
    return {"message_id": published.message_id}, 202


@app.get("/invoices")
def list_invoices() -> list[str]:
    return invoices


@app.get("/shipped")
def list_shipped() -> list[int]:
    return shipped
