"""When what was signed behind a public URL and what was requested there are the same: the option ``url_match``.

``exactly`` is byte for byte. ``decoded`` is for hosts that do not hand a URL over as it came: gateways and bridges
that decode the path, or parse the query and write it anew. It forgives what those change and nothing else: escapes,
``+`` for a blank, ``flag`` for ``flag=``, and the order of the names in a query. The values of one name keep their
order. An encoded slash never is a slash, and a path with dot segments is like no other: what a router makes of them
was not signed.

Spec: https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
"""

from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote_to_bytes

Same: TypeAlias = Callable[[str, str, bool], bool]
"""Of what was signed, what was requested, and whether the latter is a path that was decoded and encoded again."""


def exactly(signed: str, requested: str, told: bool) -> bool:
    return signed == requested


def decoded(signed: str, requested: str, told: bool) -> bool:
    return _agree(signed, requested, lambda wanted, got: _same_path(wanted, got, told))


def but_for_slashes(signed: str, requested: str, told: bool) -> bool:
    """Whether the host has decoded a slash, which nothing can mend: for the log."""
    return _agree(signed, requested, lambda wanted, got: unquote_to_bytes(wanted) == unquote_to_bytes(got))


def _agree(signed: str, requested: str, same_path: Callable[[bytes, bytes], bool]) -> bool:
    try:
        wanted, got = signed.encode(), requested.encode("latin-1")
    except UnicodeEncodeError:
        return False
    (path, _, query), (got_path, _, got_query) = wanted.partition(b"?"), got.partition(b"?")
    return same_path(path, got_path) and _values(query) == _values(got_query)


def _same_path(wanted: bytes, got: bytes, told: bool) -> bool:
    segments = _segments(wanted)
    if b"." in segments or b".." in segments:
        return False
    # Vercel's WSGI hands the raw path over as the decoded one.
    return segments == _segments(got) or (told and wanted == unquote_to_bytes(got))


def _segments(path: bytes) -> list[bytes]:
    return [unquote_to_bytes(segment) for segment in path.split(b"/")]


def _values(query: bytes) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1"):
        values.setdefault(name, []).append(value)
    return values
