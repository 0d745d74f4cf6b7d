"""URL groups, which the API calls topics: endpoints, default headers, delete.

Spec: https://upstash.com/docs/qstash/api/url-groups
"""

from typing import Any

from ..engine import Engine
from ..model import Endpoint, Header, Refused, UrlGroup, milliseconds
from .api_call import ApiCall, Reply, check_headers, header
from .contents import Fields
from .json_text import is_list, is_object


def list_all(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, [_fields(group) for group in engine.url_groups.all()])


def get(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, _fields(engine.url_groups.get(call.path["name"])))


def delete(engine: Engine, call: ApiCall) -> Reply:
    engine.url_groups.delete(call.path["name"])
    return Reply()


def add_endpoints(engine: Engine, call: ApiCall) -> Reply:
    engine.url_groups.add_endpoints(call.path["name"], _endpoints(call))
    return Reply()


def remove_endpoints(engine: Engine, call: ApiCall) -> Reply:
    engine.url_groups.remove_endpoints(call.path["name"], _endpoints(call))
    return Reply()


def set_headers(engine: Engine, call: ApiCall) -> Reply:
    given = call.json_object().get("headers")
    if not is_object(given):
        raise Refused(400, "invalid headers: they must be an object")
    headers = [pair for item in given.items() for pair in _header(*item)]
    engine.url_groups.set_headers(call.path["name"], check_headers(headers, "invalid headers"))
    return Reply()


def _endpoints(call: ApiCall) -> list[Endpoint]:
    given = call.json_object().get("endpoints")
    if not is_list(given) or not given:
        raise Refused(400, "invalid endpoints: they must be a list of objects with url and name")
    return [_endpoint(item) for item in given]


def _endpoint(item: Any) -> Endpoint:
    if not is_object(item):
        raise Refused(400, "invalid endpoint: it must be an object with url and name")
    url, name = item.get("url") or "", item.get("name") or None
    if not isinstance(url, str) or not (name is None or isinstance(name, str)) or not (url or name):
        raise Refused(400, "invalid endpoint: url and name must be texts, and one of them must be given")
    return Endpoint(url=url, name=name)


def _header(name: str, value: Any) -> list[Header]:
    values: list[Any] = value if is_list(value) else [value]
    if not all(isinstance(text, str) for text in values):
        raise Refused(400, f"invalid headers: {name[:60]!r} must be a text or a list of texts")
    return [header(name, text.encode("utf-8")) for text in values]


def _fields(group: UrlGroup) -> Fields:
    return {
        "name": group.name,
        "createdAt": milliseconds(group.created_at),
        "updatedAt": milliseconds(group.updated_at),
        "endpoints": [
            {"name": endpoint.name, "url": endpoint.url} if endpoint.name else {"url": endpoint.url}
            for endpoint in group.endpoints
        ],
    }
