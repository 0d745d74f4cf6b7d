"""No framework: QStashMiddleware around an ASGI app of a few lines."""

from qstash_integrations._core.receiving.asgi_host import DELIVERY, Receive, Scope, Send
from qstash_integrations.asgi import QStashMiddleware
from tests.servers.apps import IMPATIENT, OPTIONS, RAN, SLOW, handle, ran, start_and_stop


async def shop(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await start_and_stop(receive, send)
        return
    if scope["path"] == RAN:
        answer = ran()
    else:
        shown, more = b"", True
        while more:
            message = await receive()
            shown, more = shown + message["body"], message["more_body"]
        answer = handle(shown, scope["state"][DELIVERY])
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.encode()})


patient = QStashMiddleware(shop, exclude=[RAN], **OPTIONS)
impatient = QStashMiddleware(shop, **IMPATIENT)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    await (impatient if scope.get("path") == SLOW else patient)(scope, receive, send)
