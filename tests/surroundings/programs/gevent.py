"""A Flask app on gevent's server, in a process that gevent has patched as ``gunicorn -k gevent`` does.

Prints what was answered, and what the local QStash delivered to it.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
import httpx  # noqa: E402
from flask import Flask, g  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

from qstash_integrations import QStash, Receiver, RetryAfter  # noqa: E402
from qstash_integrations.flask import verify_qstash  # noqa: E402
from qstash_integrations.once import MemoryStore  # noqa: E402
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed  # noqa: E402

OPTIONS: Any = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
RECEIPT = {"messageId": "msg_1"}


def main() -> None:
    app, published = Flask("shop"), []

    @app.post("/hooks/ship")
    @verify_qstash(**OPTIONS, once=MemoryStore())
    def ship() -> dict[str, Any]:
        if g.qstash_delivery.body == b"later":
            raise RetryAfter(60)
        gevent.sleep(0)
        with QStash("a-token", base_url=origin) as qstash:
            return {"published": qstash.publish(url="https://shop.example", body="hi").message_id}

    @app.post("/v2/publish/<path:url>")
    def publish(url: str) -> Any:
        published.append(url)
        return RECEIPT, 201

    server = WSGIServer(("127.0.0.1", 0), app, log=None, error_log=None)
    server.start()
    origin = f"http://127.0.0.1:{server.server_port}"

    def send(body: bytes, token: str) -> int:
        return httpx.post(f"{origin}/hooks/ship", content=body, headers={"Upstash-Signature": token}).status_code

    def genuine(number: int) -> int:
        return send(b"%d" % number, signed(b"%d" % number, jti=f"jwt_{number}"))

    many = [gevent.spawn(genuine, number) for number in range(20)]
    gevent.joinall(many)
    answers = {
        "genuine": sorted({job.value for job in many}),
        "replayed": genuine(3),
        "unsigned": send(b"hi", ""),
        "later": send(b"later", signed(b"later", jti="jwt_later")),
    }
    json.dump({"answers": answers, "published": len(published)}, sys.stdout)
    server.stop()


if __name__ == "__main__":
    main()
