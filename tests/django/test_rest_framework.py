"""Django REST framework wraps the request and parses on demand: the view is verified before, or turned away."""

import json
from typing import Any

import pytest
from django.urls import path
from django.utils.decorators import method_decorator
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import action, api_view, authentication_classes
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from qstash_integrations import NonRetryable
from qstash_integrations.django import verify_qstash
from tests.django.shop import (
    FORM,
    MULTIPART,
    MULTIPART_BODY,
    OPTIONS,
    REJECTED,
    Host,
    delivery_of,
    on_one_host,
    request_to,
)
from tests.signing import signed

JSON = "application/json"
verify = verify_qstash(**OPTIONS, max_body_size=1000)


def shipped(request: Request) -> Response:
    order: Any = request.data
    if order.get("id") == 0:
        raise NonRetryable("no such order")
    return Response({"order": order, "body": delivery_of(request).body.decode()})


@method_decorator(verify, name="dispatch")
class Ship(APIView):
    def post(self, request: Request) -> Response:
        return shipped(request)


@api_view(["POST"])
@verify
def ship(request: Request) -> Response:
    return shipped(request)


@verify
@api_view(["POST"])
def ship_below(request: Request) -> Response:
    return shipped(request)


@method_decorator(verify, name="dispatch")
class Hooks(ViewSet):
    def ship(self, request: Request) -> Response:
        return shipped(request)


class Orders(ViewSet):
    @action(detail=False, methods=["post"])
    @method_decorator(verify)
    def ship(self, request: Request) -> Response:
        return shipped(request)


def viewset(made_of: Any) -> Any:
    return made_of.as_view({"post": "ship"})


VIEWS: dict[str, Any] = {
    "APIView": Ship.as_view(),
    "api_view above": ship,
    "api_view below": ship_below,
    "ViewSet": viewset(Hooks),
    "action": viewset(Orders),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_D08_views_of_every_kind_are_verified_and_the_answer_is_ours(host: Host, view: Any) -> None:
    send = host(path("hooks/ship", view))
    answer = send(request_to(body=b'{"id": 3}', content_type=JSON))
    assert (answer.status, json.loads(answer.body)) == (200, {"order": {"id": 3}, "body": '{"id": 3}'})
    rejected = send(request_to(body=b'{"id": 3}', content_type=JSON, token=""))
    assert (rejected.status, rejected.body) == (401, REJECTED.body)
    assert rejected.headers["content-type"] == "application/json"
    assert rejected.headers["cache-control"] == "no-store"
    assert rejected.headers["www-authenticate"] == "Upstash-Signature"


@on_one_host
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_D08_a_view_steers_qstash_by_raising(host: Host, view: Any) -> None:
    answer = host(path("hooks/ship", view))(request_to(body=b'{"id": 0}', content_type=JSON))
    assert (answer.status, answer.body) == (489, b'{"error":"no such order"}')


@on_one_host
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_D08_forms_arrive_as_they_were_signed(host: Host, view: Any) -> None:
    answer = host(path("hooks/ship", view))(request_to(body=b"id=3", content_type=FORM))
    assert json.loads(answer.body) == {"order": {"id": "3"}, "body": "id=3"}


@on_one_host
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_D10_an_oversized_body_is_ours_to_refuse(host: Host, view: Any) -> None:
    answer = host(path("hooks/ship", view))(request_to(body=b"[" * 2000, content_type=JSON))
    assert (answer.status, answer.body) == (413, b'{"error":"body too large"}')


class ReadsFirst(BaseAuthentication):
    """One that looks for credentials in the body."""

    def authenticate(self, request: Request) -> None:
        assert request.data is not None


class ReadFirst(APIView):
    authentication_classes = (ReadsFirst,)

    @method_decorator(verify)
    def post(self, request: Request) -> Response:
        return shipped(request)


@api_view(["POST"])
@authentication_classes([ReadsFirst])
@verify
def ship_read_first(request: Request) -> Response:
    return shipped(request)


BODIES = {
    "json": (JSON, b'{"id":3}', 200),
    "urlencoded": (FORM, b"id=3", 200),
    # The parser takes these off the socket, and nothing keeps them.
    "multipart": (MULTIPART, MULTIPART_BODY, 401),
}


@pytest.mark.parametrize("view", [ReadFirst.as_view(), ship_read_first], ids=["APIView", "api_view"])
@pytest.mark.parametrize(("content_type", "body", "status"), BODIES.values(), ids=BODIES)
def test_D09_a_body_that_authentication_has_read_is_verified_or_rejected(
    host: Host, view: Any, content_type: str, body: bytes, status: int
) -> None:
    send = host(path("hooks/ship", view))
    assert send(request_to(body=body, content_type=content_type)).status == status
    assert send(request_to(body=body, content_type=content_type, token=signed(b""))).status == 401


@pytest.mark.parametrize("kind", BODIES)
def test_D09_dispatch_is_decorated_in_time_for_an_authentication_that_reads(host: Host, kind: str) -> None:
    content_type, body, _ = BODIES[kind]
    view = method_decorator(verify, name="dispatch")(type("InTime", (Ship,), {"authentication_classes": (ReadsFirst,)}))
    assert host(path("hooks/ship", view.as_view()))(request_to(body=body, content_type=content_type)).status == 200
