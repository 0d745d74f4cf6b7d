"""A message's body as bytes, and the one Content-Type that it travels with."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from ..inputs import Header, check_option
from ..json_body import encode_json

JSON = "application/json"


def body_of(message: Mapping[str, Any], as_json: bool) -> tuple[bytes | None, str | None]:
    """The bytes, None for no body, and the type that goes without saying.

    A list or dict is JSON in any case; TypeError for other values where JSON was not asked for.
    """
    body = message.get("body")
    if as_json:
        return encode_json(body), JSON
    if body is None:
        return None, None
    if isinstance(body, str):
        return _utf8(body), None
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(cast("bytes", body)), None
    if isinstance(body, Mapping | list | tuple):
        return encode_json(body), JSON
    raise TypeError(f"body must be bytes, str, dict or list, not {type(body).__name__}; or use the _json method")


def with_content_type(headers: list[Header], message: Mapping[str, Any], default: str | None) -> list[Header]:
    """One Content-Type: the option ``content_type``, else the one among the forwarded headers, else the default."""
    chosen = next((value for name, value in headers if name == "Content-Type"), default)
    if message.get("content_type") is not None:
        chosen = check_option(message["content_type"], "content_type")
    rest = [header for header in headers if header[0] != "Content-Type"]
    return rest if chosen is None else [("Content-Type", chosen), *rest]


def _utf8(body: str) -> bytes:
    with suppress(UnicodeEncodeError):
        return body.encode("utf-8")
    # Not while that error is handled: the whole body is in it.
    raise ValueError("body has lone surrogates, which are no text; give bytes")
