"""Fill, read and delete URL groups.

Spec: https://upstash.com/docs/qstash/features/url-groups
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from ...names import check_names
from ..inputs import check_name, check_option, check_url
from ..message_options import GroupDefaults
from ..results.fields import read_list, reads
from ..results.url_group import UrlGroup
from ..texts import flag
from ..wire import headers_of
from . import Operation, change, nothing
from .body import with_content_type
from .message import urls_in

_FORWARD = "Upstash-Header-Forward"
_DEFAULTS = frozenset(GroupDefaults.__annotations__)


def upsert_endpoints(url_group: str, endpoints: Iterable[Mapping[str, Any]]) -> Operation[None]:
    return _change("POST", url_group, endpoints, least=("url",), repeatable=True)


def remove_endpoints(url_group: str, endpoints: Iterable[Mapping[str, Any]]) -> Operation[None]:
    # Not sent again: the last endpoint takes the group along, and then QStash would say that there is none.
    return _change("DELETE", url_group, endpoints, least=("url", "name"), repeatable=False)


def set_defaults(url_group: str, options: Mapping[str, Any]) -> Operation[None]:
    path = _path(url_group)
    check_names(options, _DEFAULTS, "default of a URL group")
    # Some options are several headers of one name.
    values: dict[str, list[str]] = {}
    for name, value in with_content_type(headers_of(options), options, None):
        values.setdefault(name, []).append(value)
    forward = options.get("forward_headers")
    if forward is not None:
        values[_FORWARD] = [str(flag("forward_headers", forward)).lower()]
    return replace(change("PATCH", path, {"headers": values}), calls=urls_in(options))


def get(url_group: str) -> Operation[UrlGroup]:
    return Operation(method="GET", path=_path(url_group), read=reads(UrlGroup), repeatable=True)


def list_all() -> Operation[list[UrlGroup]]:
    return Operation(method="GET", path="/v2/topics", read=_read_url_groups, repeatable=True)


def delete(url_group: str) -> Operation[None]:
    return Operation(method="DELETE", path=_path(url_group), read=nothing, repeatable=True)


def _change(
    method: str, url_group: str, endpoints: Iterable[Mapping[str, Any]], *, least: tuple[str, ...], repeatable: bool
) -> Operation[None]:
    path = f"{_path(url_group)}/endpoints"
    if not isinstance(endpoints, list | tuple):
        raise TypeError(f"endpoints must be a list of dicts, not {type(endpoints).__name__}")
    if not endpoints:
        raise ValueError("endpoints is empty")
    fields = [_endpoint(f"endpoints[{index}]", endpoint, least) for index, endpoint in enumerate(endpoints)]
    added = fields if method == "POST" else []
    calls = {one["url"]: f"endpoints[{index}]['url']" for index, one in enumerate(added)}
    return replace(change(method, path, {"endpoints": fields}, repeatable=repeatable), calls=calls)


def _endpoint(shown: str, endpoint: object, least: tuple[str, ...]) -> dict[str, str]:
    if not isinstance(endpoint, Mapping):
        raise TypeError(
            f"{shown} must be a dict such as {{'url': 'https://api.example.com'}}, not {type(endpoint).__name__}"
        )
    parts = {name: value for name, value in cast("Mapping[str, Any]", endpoint).items() if value is not None}
    check_names(parts, ("url", "name"), f"part of {shown}")
    if not any(name in parts for name in least):
        raise ValueError(f"{shown} has no {' and no '.join(least)}")
    checks = {"url": check_url, "name": check_option}
    return {name: checks[name](value, f"{shown}[{name!r}]") for name, value in parts.items()}


def _path(url_group: str) -> str:
    return f"/v2/topics/{check_name(url_group, 'url_group')}"


def _read_url_groups(answer: Any) -> list[UrlGroup]:
    return read_list(answer, reads(UrlGroup), "URL groups")
