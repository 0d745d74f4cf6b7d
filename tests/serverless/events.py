"""The events that gateways make of a request, as their manuals show them.

Spec: https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from tests.hosts import Answer, Request, headers_of


def rest_api(request: Request, stage: str = "prod") -> dict[str, Any]:
    """API Gateway's REST API, payload 1.0: the query is parsed and decoded, the stage is not part of the path."""
    path, values = request.target.partition("?")[0], _values(_pairs(request.target))
    return {
        **_payload(request),
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": request.method,
        "queryStringParameters": {name: given[-1] for name, given in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
        "requestContext": {"stage": stage, "path": f"/{stage}{path}", "identity": {"sourceIp": "192.0.2.1"}},
    }


def http_api(request: Request) -> dict[str, Any]:
    """API Gateway's HTTP API and function URLs, payload 2.0: the query is raw."""
    path, _, query = request.target.partition("?")
    return {
        **_payload(request),
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "requestContext": {
            "stage": "$default",
            "http": {"method": request.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
        },
    }


def load_balancer(request: Request) -> dict[str, Any]:
    """ALB with multi-value headers: the query is parsed and left encoded."""
    pairs = [pair.partition("=") for pair in request.target.partition("?")[2].split("&") if pair]
    return {
        "multiValueHeaders": {name.lower(): [str(value)] for name, value in headers_of(request)},
        "body": _body(request),
        "isBase64Encoded": False,
        "path": request.target.partition("?")[0],
        "httpMethod": request.method,
        "multiValueQueryStringParameters": _values((name, value) for name, _, value in pairs),
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/a/b"}},
    }


def answered(result: dict[str, Any]) -> Answer:
    headers = {name: values[0] for name, values in (result.get("multiValueHeaders") or {}).items()}
    headers |= result.get("headers") or {}
    return Answer(result["statusCode"], {name.lower(): value for name, value in headers.items()}, b"")


def _payload(request: Request) -> dict[str, Any]:
    headers = {name: str(value) for name, value in headers_of(request)}
    return {"headers": headers, "body": _body(request), "isBase64Encoded": False}


def _body(request: Request) -> str:
    assert isinstance(request.body, bytes)
    return request.body.decode()


def _pairs(target: str) -> list[tuple[str, str]]:
    return parse_qsl(target.partition("?")[2], keep_blank_values=True)


def _values(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values
