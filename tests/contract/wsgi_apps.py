"""A handler as a verified view of each WSGI framework; it answers on every path."""

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.test.utils import override_settings
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt
from flask import Flask, Response, current_app, g, request

import qstash_integrations.django
import qstash_integrations.flask
from qstash_integrations import ConfigurationError
from qstash_integrations.django.checks import check_settings
from tests.contract.calls import ALONE, METHODS, Around, Call, Handler, Reading, Reply
from tests.django.project import wsgi_app


def flask(handler: Handler, readings: Sequence[Reading], options: Any, around: Around = ALONE) -> Any:
    def view(path: str) -> Response:
        return _flask_response(handler(Call(g.qstash_delivery, request.method, _shown_by_flask(readings))))

    return _flask_app(_around_in_flask(around.verified(qstash_integrations.flask.verify_qstash, options, view), around))


def flask_async(handler: Handler, readings: Sequence[Reading], options: Any, around: Around = ALONE) -> Any:
    async def view(path: str) -> Response:
        return _flask_response(handler(Call(g.qstash_delivery, request.method, _shown_by_flask(readings))))

    return _flask_app(_around_in_flask(around.verified(qstash_integrations.flask.verify_qstash, options, view), around))


def django_wsgi(handler: Handler, readings: Sequence[Reading], options: Any, around: Around = ALONE) -> Any:
    def view(request: Any) -> Any:
        reply = handler(Call(request.qstash_delivery, request.method, shown_by_django(request, readings)))
        if reply.parts:
            return StreamingHttpResponse(iter(reply.parts), status=reply.status, headers=reply.headers)
        return HttpResponse(reply.body, status=reply.status, headers=reply.headers)

    verified = around.verified(qstash_integrations.django.verify_qstash, options, view)

    @csrf_exempt
    def ahead(request: Any) -> Any:
        read_by_django(request, around)
        return verified(request)

    return wsgi_app(re_path("", ahead if around.ahead else verified))


def start_flask(app: Flask) -> None:
    qstash_integrations.flask.QStash(app)


def start_django(app: Any) -> None:
    with override_settings(ROOT_URLCONF=app.urls):
        for problem in check_settings():
            raise ConfigurationError(problem.msg)


def read_by_django(request: Any, around: Around) -> None:
    match around.ahead:
        case "reads":
            _ = request.body
        case "takes":
            request.read()


def shown_by_django(request: Any, readings: Sequence[Reading]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for reading in readings:
        match reading:
            case "body":
                shown[reading] = request.body
            case "json":
                shown[reading] = json.loads(request.body)
            case "form":
                files = {name: file.read().decode() for name, file in request.FILES.items()}
                shown[reading] = {**request.POST.dict(), **files}
    return shown


def _shown_by_flask(readings: Sequence[Reading]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for reading in readings:
        match reading:
            case "body":
                shown[reading] = request.get_data()
            case "json":
                shown[reading] = request.get_json(force=True)
            case "form":
                files = {name: file.read().decode() for name, file in request.files.items()}
                shown[reading] = {**request.form.to_dict(), **files}
    return shown


def _around_in_flask(view: Any, around: Around) -> Any:
    def ahead(path: str) -> Any:
        match around.ahead:
            case "reads":
                request.get_data()
            case "takes":
                request.stream.read()
        response = current_app.ensure_sync(view)(path)
        return Response(status=500) if around.ahead == "drops" else response

    return ahead if around.ahead else view


def _flask_app(view: Any) -> Flask:
    app = Flask("shop")
    # Exceptions reach the server instead of becoming a page.
    app.testing = True
    for rule in ("/", "/<path:path>"):
        app.add_url_rule(
            rule,
            view_func=view,
            methods=METHODS,
            defaults={"path": ""} if rule == "/" else None,
            provide_automatic_options=False,
        )
    return app


def _flask_response(reply: Reply) -> Response:
    return Response(iter(reply.parts) if reply.parts else reply.body, reply.status, reply.headers)
