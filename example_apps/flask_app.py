"""Orders that QStash ships, in Flask. The configuration is the QSTASH_* environment variables."""

from typing import Any

from flask import Flask, request

from qstash_integrations import NonRetryable, RetryAfter, current_delivery
from qstash_integrations.flask import QStash, qstash, verify_qstash

app = Flask(__name__)
QStash(app)
shipped: list[int] = []


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


@app.get("/shipped")
def list_shipped() -> list[int]:
    return shipped
