"""Headers and bodies as the API shows them. What a publisher wanted redacted leaves as a hash.

Spec: https://upstash.com/docs/qstash/features/redaction
"""

import codecs
import hashlib
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from ..model import Header, Redaction
from .api_call import text_of

Fields = dict[str, Any]


def header_fields(headers: Iterable[Header], redaction: Redaction | None = None) -> dict[str, list[str]] | None:
    """Every name with the list of its values; None when there is none."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(_shown_header(name, value, redaction))
    return found or None


def body_fields(body: bytes, redaction: Redaction | None, trim: int | None = None) -> Fields:
    return byte_fields("body", shown_body(body, redaction), trim)


def byte_fields(name: str, raw: bytes, trim: int | None = None) -> Fields:
    """As text where it is UTF-8, else in base64 under another name; nothing where there is nothing."""
    shown = raw[:trim]
    try:
        # A character that the cut went through is left out.
        text = codecs.getincrementaldecoder("utf-8")().decode(shown, final=len(shown) == len(raw))
    except UnicodeDecodeError:
        return {f"{name}Base64": b64encode(shown).decode("ascii")}
    return {name: text} if text else {}


def shown_body(body: bytes, redaction: Redaction | None) -> bytes:
    return _redacted(body).encode() if body and redaction is not None and redaction.body else body


def given(**fields: Any) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _shown_header(name: str, value: str, redaction: Redaction | None) -> str:
    raw = value.encode("latin-1")
    if redaction is not None and (redaction.all_headers or name.lower() in map(str.lower, redaction.headers)):
        return _redacted(raw)
    return text_of(raw)


def _redacted(raw: bytes) -> str:
    return f"REDACTED:{hashlib.sha256(raw).hexdigest()}"
