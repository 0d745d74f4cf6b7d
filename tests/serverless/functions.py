"""What a project on Google Cloud Functions has as its main.py."""

import flask
import functions_framework
import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

import qstash_integrations.flask
import qstash_integrations.starlette
from qstash_integrations import Receiver
from tests.signing import CURRENT, NEXT, NOW

RECEIVER = Receiver(CURRENT, NEXT, now=lambda: NOW)
PUBLIC_URL = "https://region-project.cloudfunctions.net/bill"


@functions_framework.http
@qstash_integrations.flask.verify_qstash(receiver=RECEIVER, public_url=PUBLIC_URL)
def bill(request: flask.Request) -> str:
    return qstash_integrations.current_delivery().claims.sub


@functions_framework.aio.http
@qstash_integrations.starlette.verify_qstash(receiver=RECEIVER, public_url=PUBLIC_URL)
async def abill(request: Request) -> Response:
    return Response(qstash_integrations.current_delivery().claims.sub)
