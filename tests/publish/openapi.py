"""An OpenAPI description as judge of requests: what in a request it does not know or does not allow.

Stricter than the specification of OpenAPI: a header, a query parameter or a field of a JSON body that is not described
counts as well. A ``{destination}`` is the raw rest of the path with its own query.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

import jsonschema
import yaml

from qstash_integrations._core.publishing.client import APIRequest

# Of HTTP itself, and of every call.
_NOT_DESCRIBED = ("authorization", "user-agent")
Json = dict[str, Any]


class Description:
    """One OpenAPI file."""

    def __init__(self, file: Path) -> None:
        document: Json = yaml.safe_load(file.read_text(encoding="utf-8"))
        self._components = _closed(document["components"])
        self._paths: dict[str, Json] = document["paths"]

    def problems(self, request: APIRequest, base_url: str) -> set[str]:
        """What is wrong with the request, each with the operation that it is about; nothing for a valid one."""
        target = request.url.removeprefix(base_url)
        method = request.method.lower()
        template = self._template(target, method)
        name = f"{request.method} {template}"
        operation = self._paths.get(template, {}).get(method)
        if operation is None:
            return {f"{name}: no such operation"}
        query = target.partition("?")[2]
        found = [
            *self._query(operation, [] if "{destination}" in template else parse_qsl(query, keep_blank_values=True)),
            *self._headers(operation, request.headers),
            *self._body(operation, request),
            *self._credentials(request),
        ]
        return {f"{name}: {problem}" for problem in found}

    def _template(self, target: str, method: str) -> str:
        """The path of the description that fits best: of those with the method, the one that leaves least open."""
        fitting = [template for template in self._paths if _pattern(template).fullmatch(target)]
        return min(
            fitting,
            key=lambda template: (
                method not in self._paths[template],
                "{destination}" in template,
                template.count("{"),
            ),
            default=target.partition("?")[0],
        )

    def _query(self, operation: Json, pairs: list[tuple[str, str]]) -> Iterator[str]:
        described = _parameters(operation, "query")
        for name in dict.fromkeys(name for name, _ in pairs):
            values = [value for one, value in pairs if one == name]
            if name not in described:
                yield f"query {name}"
            elif described[name]["schema"]["type"] == "array":
                items = described[name]["schema"]["items"]
                yield from self._judge(f"query {name}", [_typed(value, items) for value in values], described[name])
            elif len(values) > 1:
                yield f"query {name} more than once"
            else:
                yield from self._judge(f"query {name}", _typed(values[0], described[name]["schema"]), described[name])
        yield from _missing("query", described, {name for name, _ in pairs})

    def _headers(self, operation: Json, headers: Iterable[tuple[str, str]]) -> Iterator[str]:
        described = {name.lower(): parameter for name, parameter in _parameters(operation, "header").items()}
        given = {name.lower(): value for name, value in headers if name.lower() not in _NOT_DESCRIBED}
        for name, value in given.items():
            parameter = described.get(name) or _wildcard(described, name)
            if parameter is not None:
                yield from self._judge(f"header {name}", _typed(value, parameter["schema"]), parameter)
            # The Content-Type of a body that has one is a part of its description.
            elif name != "content-type" or "requestBody" not in operation:
                yield f"header {name}"
        yield from _missing("header", described, given)

    def _body(self, operation: Json, request: APIRequest) -> Iterator[str]:
        described: Json = operation.get("requestBody", {})
        if not described or request.body is None:
            if described.get("required") or not (described or request.body is None):
                yield "body"
            return
        kind = dict(request.headers).get("Content-Type", "application/octet-stream")
        content = described["content"].get(kind)
        if content is None:
            yield f"body of type {kind}"
        elif kind == "application/json":
            yield from self._judge("body", json.loads(request.body), content)
            if operation is self._paths["/v2/batch"]["post"]:
                yield from self._items(json.loads(request.body))

    def _items(self, items: list[Json]) -> Iterator[str]:
        """The headers of a batch's messages are those of publish."""
        publish = self._paths["/v2/publish/{destination}"]["post"]
        for item in items:
            yield from (f"item: {problem}" for problem in self._headers(publish, item.get("headers", {}).items()))

    def _credentials(self, request: APIRequest) -> Iterator[str]:
        scheme = self._components["securitySchemes"]["bearerAuth"]
        if scheme["scheme"] != "bearer" or not dict(request.headers)["Authorization"].startswith("Bearer "):
            yield "credentials"

    def _judge(self, what: str, value: Any, described: Json) -> Iterator[str]:
        # References are to the document that the schema stands in.
        validator: Any = jsonschema.Draft202012Validator(
            {**_closed(described["schema"]), "components": self._components}
        )
        for error in validator.iter_errors(value):
            where = "".join(f"[{part}]" for part in error.absolute_path if isinstance(part, str))
            yield f"{what}{where} {_reason(error)}"


def _reason(error: Any) -> str:
    if error.validator == "additionalProperties":
        unknown: set[str] = set(error.instance) - set(error.schema["properties"])
        return f"has {', '.join(sorted(unknown))}"
    return f"breaks {error.validator}"


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\})", template)
    kinds = [".+" if part == "{destination}" else "[^/?]+" if part[:1] == "{" else re.escape(part) for part in parts]
    return re.compile("".join(kinds) + r"(?:\?.*)?")


def _parameters(operation: Json, place: str) -> dict[str, Json]:
    return {one["name"]: one for one in operation.get("parameters", ()) if one["in"] == place}


def _wildcard(described: Mapping[str, Json], name: str) -> Json | None:
    return next((described[one] for one in described if one.endswith("*") and name.startswith(one[:-1])), None)


def _missing(place: str, described: Mapping[str, Json], given: Iterable[str]) -> Iterator[str]:
    for name, parameter in described.items():
        if parameter.get("required") and name not in given:
            yield f"{place} {name} is missing"


def _typed(text: str, schema: Json) -> Any:
    """The value that stands in a query or header as text; the text itself where it is none of the type."""
    if schema["type"] == "integer" and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if schema["type"] == "boolean" else text


def _closed(schema: Any) -> Any:
    """The same with no room for fields that are not described."""
    if isinstance(schema, list):
        return [_closed(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in cast("Json", schema).items()}
    if closed.get("type") == "object" and isinstance(closed.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed
