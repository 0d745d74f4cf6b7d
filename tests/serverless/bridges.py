"""From the host of an app to the app: the packages that people put between, each as its manual says.

A bridge takes an app and a request as QStash sent it, and gives the answer.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import a2wsgi
import anyio
import azure.functions
import pytest
import serverless_wsgi
from apig_wsgi import make_lambda_handler
from asgiref.wsgi import WsgiToAsgi
from mangum import Mangum
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from tests.hosts import Answer, Request, asgi_exchange, headers_of, wsgi_send
from tests.serverless.events import answered, http_api, load_balancer, rest_api

Event = Callable[[Request], dict[str, Any]]
HOST = "https://api.example.com"


class Bridge(NamedTuple):
    send: Callable[[Any, Request], Answer]
    asgi: bool
    public_url: str = HOST


def mangum(event: Event) -> Callable[[Any, Request], Answer]:
    def send(app: Any, request: Request) -> Answer:
        asyncio.set_event_loop(asyncio.new_event_loop())
        try:
            return answered(Mangum(app, lifespan="off")(event(request), {}))
        finally:
            asyncio.get_event_loop().close()

    return send


def apig_wsgi(event: Event) -> Callable[[Any, Request], Answer]:
    return lambda app, request: answered(make_lambda_handler(app)(event(request), None))


def serverless(event: Event) -> Callable[[Any, Request], Answer]:
    return lambda app, request: answered(serverless_wsgi.handle_request(app, event(request), None))


def below_a_stage(request: Request) -> dict[str, Any]:
    """A REST API at the address that Amazon gives it, of which the stage is the first part of the path."""
    target = request.target.removeprefix("/prod")
    headers = [*request.headers, ("Host", "a1b2.execute-api.eu-central-1.amazonaws.com")]
    return rest_api(request._replace(target=target or "/", headers=headers))


def azure_request(request: Request) -> azure.functions.HttpRequest:
    assert isinstance(request.body, bytes)
    return azure.functions.HttpRequest(
        method=request.method,
        url=HOST + request.target,
        headers={name: str(value) for name, value in headers_of(request)},
        body=request.body,
    )


def azure_wsgi(app: Any, request: Request) -> Answer:
    return _of_azure(azure.functions.WsgiMiddleware(app).handle(azure_request(request)))


def azure_asgi(app: Any, request: Request) -> Answer:
    return _of_azure(asyncio.run(azure.functions.AsgiMiddleware(app).handle_async(azure_request(request))))


def azure_asgi_as_before(app: Any, request: Request) -> Answer:
    """Without a state in the scope."""
    with pytest.warns(DeprecationWarning, match="handle_async"):
        return _of_azure(azure.functions.AsgiMiddleware(app).handle(azure_request(request)))


def _of_azure(response: azure.functions.HttpResponse) -> Answer:
    return Answer(response.status_code, dict(response.headers), response.get_body())


def wsgi_within_asgi(wrap: Callable[[Any], Any]) -> Callable[[Any, Request], Answer]:
    return lambda app, request: anyio.run(asgi_exchange, wrap(app), request)


def asgi_within_wsgi(app: Any, request: Request) -> Answer:
    return wsgi_send(a2wsgi.ASGIMiddleware(app))(request)


def dispatched(app: Any, request: Request) -> Answer:
    return wsgi_send(DispatcherMiddleware(lambda *_: [], {"/prod": app}))(request)


BRIDGES = {
    "mangum, REST API": Bridge(mangum(rest_api), asgi=True),
    "mangum, HTTP API": Bridge(mangum(http_api), asgi=True),
    "mangum, ALB": Bridge(mangum(load_balancer), asgi=True),
    "mangum, a stage": Bridge(mangum(below_a_stage), asgi=True, public_url=f"{HOST}/prod"),
    "apig-wsgi, REST API": Bridge(apig_wsgi(rest_api), asgi=False),
    "apig-wsgi, HTTP API": Bridge(apig_wsgi(http_api), asgi=False),
    "apig-wsgi, ALB": Bridge(apig_wsgi(load_balancer), asgi=False),
    "serverless-wsgi, REST API": Bridge(serverless(rest_api), asgi=False),
    "serverless-wsgi, HTTP API": Bridge(serverless(http_api), asgi=False),
    "serverless-wsgi, ALB": Bridge(serverless(load_balancer), asgi=False),
    "serverless-wsgi, a stage": Bridge(serverless(below_a_stage), asgi=False, public_url=f"{HOST}/prod"),
    "Azure Functions, ASGI": Bridge(azure_asgi, asgi=True),
    "Azure Functions, ASGI as before": Bridge(azure_asgi_as_before, asgi=True),
    "Azure Functions, WSGI": Bridge(azure_wsgi, asgi=False),
    "a2wsgi, a WSGI app": Bridge(wsgi_within_asgi(a2wsgi.WSGIMiddleware), asgi=False),
    "a2wsgi, an ASGI app": Bridge(asgi_within_wsgi, asgi=True),
    "asgiref": Bridge(wsgi_within_asgi(WsgiToAsgi), asgi=False),
    "werkzeug, a mount": Bridge(dispatched, asgi=False, public_url=f"{HOST}/prod"),
}
