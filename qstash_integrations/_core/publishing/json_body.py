"""Encode a message's body as JSON, with the everyday types that the ``json`` module does not know."""

import json
import json.encoder
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID


def encode_json(value: Any, name: str = "body") -> bytes:
    """Compact JSON in UTF-8. TypeError or ValueError names ``name`` for what has no JSON form, NaN among it.

    ``datetime``, ``date`` and ``time`` become ISO 8601, ``timedelta`` seconds, ``UUID`` and ``Decimal`` text, an
    ``Enum`` its value; dataclasses, pydantic models and mappings become objects, sets lists.
    """
    return json_text(value, name).encode()


def json_text(value: Any, name: str = "body") -> str:
    """``encode_json`` before it is bytes."""
    try:
        text = _encode(value)
        if not text.isascii():
            text.encode()
        return text
    except UnicodeEncodeError:
        # A lone surrogate is no text: UTF-8 has no bytes for it, JSON has an escape.
        return _ASCII_JSON.encode(value)
    except TypeError as error:
        raise TypeError(f"{name} cannot be encoded as JSON: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} cannot be encoded as JSON: {error}") from error


def _straight(value: Any) -> str:
    """``_JSON.encode`` by what that ends in: on the way it makes what only other encoders need."""
    make: Any = getattr(json.encoder, "c_make_encoder")  # noqa: B009 - no public name
    return "".join(make({}, _plain, json.encoder.encode_basestring, None, ":", ",", False, False, False)(value, 0))


def _plain(value: Any) -> Any:
    match value:
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case UUID() | Decimal():
            return str(value)
        case Enum():
            return value.value
        case set() | frozenset():
            return list(cast("set[Any]", value))
        case Mapping():
            return dict(cast("Any", value))
        case _:
            pass
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    raise TypeError(f"{type(value).__name__} is not JSON serializable")


def _encoder(*, ensure_ascii: bool) -> json.JSONEncoder:
    return json.JSONEncoder(default=_plain, ensure_ascii=ensure_ascii, allow_nan=False, separators=(",", ":"))


# Made once: that takes longer than to encode a small body.
_JSON, _ASCII_JSON = _encoder(ensure_ascii=False), _encoder(ensure_ascii=True)
_KNOWN = {"é": [1.5, None, True, '"']}
_encode: Callable[[Any], str] = _JSON.encode
# Not every Python has it, and another may call it in another way.
with suppress(AttributeError, TypeError):
    if _straight(_KNOWN) == _JSON.encode(_KNOWN):
        _encode = _straight
