"""What a project on Vercel has as its entry point, with Flask."""

import os
from typing import Any

from flask import Flask

from qstash_integrations import Receiver, current_delivery
from qstash_integrations.flask import QStash, protect
from tests.signing import CURRENT, NEXT, NOW, ORIGIN

app = protect(Flask("shop"))
options: Any = {"public_url": ORIGIN, "url_match": os.environ["URL_MATCH"]}
QStash(app, receiver=Receiver(CURRENT, NEXT, now=lambda: NOW), **options)


@app.post("/", defaults={"path": ""})
@app.post("/<path:path>")
def hook(path: str) -> str:
    return current_delivery().claims.sub
