"""The official SDK publishes, the local QStash delivers, a Flask app verifies: they know the protocol only."""

from queue import Queue

import pytest
import qstash as official
from flask import Flask, g, request

from qstash_integrations import Delivery
from qstash_integrations.flask import QStash, verify_qstash
from qstash_integrations.server.app import running
from tests.wsgi_server import running as serving

pytestmark = pytest.mark.system


def test_a_message_of_the_official_sdk_reaches_a_verified_flask_view(monkeypatch: pytest.MonkeyPatch) -> None:
    arrived: Queue[tuple[Delivery, str, str]] = Queue()
    app = Flask("shop")

    @app.post("/hooks/<path:name>")
    @verify_qstash
    def ship(name: str) -> str:
        arrived.put((g.qstash_delivery, request.headers["Upstash-Signature"], name))
        return "shipped"

    with running() as server, serving(app) as port:
        app.config["QSTASH_URL"] = server.url
        app.config["QSTASH_CURRENT_SIGNING_KEY"] = server.keys.current
        app.config["QSTASH_NEXT_SIGNING_KEY"] = server.keys.next
        app.config["QSTASH_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        QStash(app)
        monkeypatch.setenv("QSTASH_URL", server.url)
        url = f"http://127.0.0.1:{port}/hooks/a%20b%2Fc?z=%C3%A9"
        client = official.QStash(server.token)
        published = client.message.publish_json(url=url, body={"city": "Zürich"})
        delivery, signature, name = arrived.get(timeout=20)
        client.http._client.close()  # it has no way of its own to close it

    assert isinstance(published, official.message.PublishResponse)
    assert delivery.message_id == published.message_id
    assert (delivery.json(), name) == ({"city": "Zürich"}, "a b/c")
    assert delivery.claims.sub == url
    # What we have verified, the official receiver verifies as well; it raises otherwise.
    receiver = official.Receiver(server.keys.current, server.keys.next)
    receiver.verify(signature=signature, body=delivery.body.decode(), url=url)
