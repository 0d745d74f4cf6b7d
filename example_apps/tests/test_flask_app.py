"""The Flask app's own tests, with unittest alone: real signatures, nothing mocked, nothing switched off."""

import unittest

from qstash_integrations.testing import LocalQStash, Outbox

from ..flask_app import app, invoice, invoices, note, shipped

HOOK = "https://testserver/hooks/ship"


class OrderTest(unittest.TestCase):
    def setUp(self) -> None:
        shipped.clear()
        invoices.clear()
        self.client = app.test_client()

    def test_an_order_is_published(self) -> None:
        with Outbox() as outbox:
            self.client.post("/orders", json={"id": 3})
        outbox.assert_published(url=HOOK, json={"id": 3})

    def test_an_order_ships_however_often_it_fails(self) -> None:
        qstash = self.enterContext(LocalQStash(app))
        self.client.post("/orders", json={"id": 3, "fails": 2})
        qstash.run_until_idle()
        self.assertEqual(shipped, [3])

    def test_an_invoice_is_a_task(self) -> None:
        with Outbox() as outbox:
            self.client.post("/invoices", json={"id": 3})
        outbox.assert_published(task=invoice.using(callback=note), order_id=3)

    def test_an_invoice_is_written_and_noted(self) -> None:
        qstash = self.enterContext(LocalQStash(app))
        self.client.post("/invoices", json={"id": 3})
        qstash.run_until_idle()
        self.assertEqual(self.client.get("/invoices").json, ["invoice 3"])

    def test_orders_may_overtake_each_other(self) -> None:
        qstash = self.enterContext(LocalQStash(app))
        qstash.reorder()
        self.client.post("/orders", json={"id": 3})
        self.client.post("/orders", json={"id": 4})
        qstash.deliver_due()
        self.assertEqual(self.client.get("/shipped").json, [4, 3])

    def test_an_order_that_is_none_is_given_up(self) -> None:
        qstash = self.enterContext(LocalQStash(app))
        self.client.post("/orders", json={"id": 0})
        qstash.run_until_idle()
        self.assertEqual([letter.status for letter in qstash.dead_letters], [489])


if __name__ == "__main__":
    unittest.main()
