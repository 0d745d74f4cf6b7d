"""A shop that has something of everything at QStash, with secrets in every place where there may be some."""

from typing import NamedTuple

from sqlalchemy.orm import Session

from qstash_integrations import QStash
from qstash_integrations.options import FlowControl
from qstash_integrations.testing import LocalQStash
from tests.verbs import shop

SECRET = "topsecret"
WITH_QUERY = f"{shop.HOOK}?token={SECRET}"


class Stock(NamedTuple):
    message_id: str
    """Of one that waits."""
    dlq_id: str


def stock_up(qstash: LocalQStash) -> Stock:
    client = QStash()
    dead = client.publish(url=WITH_QUERY, body=SECRET, headers={"Authorization": SECRET}, retries=0)
    qstash.fail_next(500, headers={"X-Secret": SECRET}, body=SECRET.encode())
    qstash.deliver_due()
    waiting = client.publish(url=WITH_QUERY, body=SECRET, headers={"Authorization": SECRET}, delay="1h", label="orders")
    assert dead.message_id != waiting.message_id
    limits: FlowControl = {"key": "carrier", "parallelism": 3, "rate": 5, "period": "1m"}
    client.publish(url=shop.HOOK, delay="1h", flow_control=limits)
    client.queue.upsert("orders", parallelism=2)
    client.url_group.upsert_endpoints("all", [{"url": WITH_QUERY, "name": "one"}, {"url": shop.HOOK}])
    client.schedule.create(
        destination=shop.HOOK, cron="0 6 * * *", schedule_id="shop.test.daily", label="qstash-integrations"
    )
    with Session(shop.engine) as session:
        shop.outbox.publish(session, url=WITH_QUERY, body=SECRET, headers={"Authorization": SECRET})
        session.commit()
    [letter] = qstash.dead_letters
    return Stock(waiting.message_id, letter.dlq_id)
