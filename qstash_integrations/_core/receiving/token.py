"""Read the ``Upstash-Signature`` token: one algorithm, one spelling, no surprises.

Nothing here raises for what a stranger sent, and no function that could raise has a key among its locals: the
outcome is a value, ``Claims`` or ``Refusal``. What we compute is encoded and compared as text with what was sent,
so every other spelling of the same bytes fails by itself.

Spec: https://upstash.com/docs/qstash/features/security
"""

import binascii
import hmac
import json
from typing import Any, NamedTuple, TypeAlias, TypeGuard, cast

MAX_TOKEN_BYTES = 16 * 1024
ISSUER = "Upstash"
# {"alg":"HS256","typ":"JWT"}: the one header segment that QStash sends.
_USUAL_HEADER = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
_MAC_LENGTH = 43
_TO_URLSAFE = bytes.maketrans(b"+/", b"-_")
# What is not of the URL-safe alphabet becomes what is of no alphabet.
_FROM_URLSAFE = bytes.maketrans(b"-_+/=", b"+/***")
_BLANKS = " \t\n\r"
# Beyond this no clock goes; NaN and the infinities fail the same comparison.
_LATEST = 10**15


class Claims(NamedTuple):
    """What QStash signed, all of it checked. ``key`` tells which signing key matched: "current" or "next"."""

    sub: str
    """The destination URL, byte for byte as it was published."""
    body: str
    """URL-safe base64 of the SHA-256 of the raw body; its one padding character is optional."""
    exp: float
    """Unix seconds from which on it counts no more."""
    nbf: float
    """Unix seconds before which it does not count."""
    iat: float | None
    """Unix seconds at which it was signed."""
    jti: str | None
    """Unique per delivery attempt."""
    key: str


class Keys(NamedTuple):
    """HMAC-SHA256, begun with each of the signing keys, which it does not show. Prints as stars.

    Never updated: a copy is, which costs half as much as to begin anew, and less where OpenSSL is not at hand in the
    processor's caches.
    """

    current: hmac.HMAC
    next: hmac.HMAC | None

    @classmethod
    def of(cls, current: str, following: str | None) -> "Keys":
        return cls(_begun(current), None if following is None else _begun(following))

    def __repr__(self) -> str:
        return "Keys(***)"


# A token cut into signed part, header, payload and MAC, nothing of it believed yet. No class: it would cost more than
# the cutting.
Sealed: TypeAlias = tuple[bytes, bytes, bytes, bytes]


class Refusal(NamedTuple):
    """Why a request is not from QStash: a reason of ``SignatureError``, and the facts for whoever operates the app."""

    reason: str
    detail: str
    signed_url: str | None = None
    expected_url: str | None = None
    remedy: str | None = None
    """What to change, where more is known than the reason tells."""


def encode(digest: bytes) -> bytes:
    """URL-safe base64 without padding."""
    return binascii.b2a_base64(digest, newline=False).translate(_TO_URLSAFE).rstrip(b"=")


def cut(token: object) -> Sealed | Refusal:
    """The three segments of a token of at most 16 KiB."""
    if not token:
        return Refusal("missing", "the request has no Upstash-Signature header")
    if not isinstance(token, (str, bytes)) or len(token) > MAX_TOKEN_BYTES:
        return Refusal("malformed", "the signature is over 16 KiB or not text")
    try:
        raw = token.encode("ascii") if isinstance(token, str) else token
    except UnicodeEncodeError:
        return Refusal("malformed", "the signature has characters outside ASCII")
    segments = raw.split(b".", 3)
    if len(segments) != 3 or not segments[1] or len(segments[2]) != _MAC_LENGTH:
        return Refusal("malformed", "the signature is not three base64url segments with an HS256 MAC")
    header, payload, mac = segments
    return raw[: -_MAC_LENGTH - 1], header, payload, mac


def signed_with(keys: Keys, sealed: Sealed) -> str | None:
    """Which of the keys made the token, the current one asked first. Raises nothing: its locals are keys."""
    signed, _, _, mac = sealed
    current, following = keys
    if hmac.compare_digest(encode(mac_of(current, signed)), mac):
        return "current"
    if following is not None and hmac.compare_digest(encode(mac_of(following, signed)), mac):
        return "next"
    return None


def mac_of(key: hmac.HMAC, message: bytes) -> bytes:
    """HMAC-SHA256 of ``message``, by a key of ``Keys``."""
    mac = key.copy()
    mac.update(message)
    return mac.digest()


def read(sealed: Sealed, key: str, now: float, tolerance: float) -> Claims | Refusal:
    """The claims of a token whose MAC was right, checked for ``now`` (Unix seconds)."""
    _, header, payload, _ = sealed
    if header != _USUAL_HEADER and (refusal := _check_header(header)):
        return refusal
    fields = _object(payload)
    if fields is None:
        return Refusal("malformed", "the token's payload is not one JSON object in canonical base64url")
    iss, sub, body, jti = fields.get("iss"), fields.get("sub"), fields.get("body"), fields.get("jti", "none")
    exp, nbf, iat = fields.get("exp", ""), fields.get("nbf", ""), fields.get("iat", 0)
    if iss != ISSUER:
        return Refusal("issuer", "the token was not issued by Upstash")
    if not (type(sub) is type(body) is type(jti) is str and sub and body and jti) or fields.get("aud", "") != "":
        return Refusal("malformed", "the token's sub, body, jti or aud is missing or of the wrong type")
    if not _are_instants(exp, nbf, iat):
        return Refusal("malformed", "the token's exp, nbf or iat is missing or not a number")
    if now >= exp + tolerance:
        return Refusal("expired", f"the token expired {now - exp:.0f} seconds ago by this machine's clock")
    if now < nbf - tolerance:
        return Refusal("not_yet_valid", f"the token is valid in {nbf - now:.0f} seconds by this machine's clock")
    return Claims(sub, body, exp, nbf, fields.get("iat"), fields.get("jti"), key)


def check_body(claims: Claims, digest: bytes) -> Refusal | None:
    """``digest`` is the SHA-256 of the raw body."""
    computed = encode(digest)
    sent = claims.body.encode("utf-8", "replace")
    if hmac.compare_digest(computed + b"=", sent) or hmac.compare_digest(computed, sent):
        return None
    return Refusal("body_mismatch", "the body is not the one that was signed")


def _begun(key: str) -> hmac.HMAC:
    return hmac.new(key.encode(), digestmod="sha256")


def _check_header(segment: bytes) -> Refusal | None:
    header = _object(segment)
    # RFC 7515, 4.1.11: an extension that must be understood and is not, is refused.
    if header is None or not header.keys().isdisjoint(("crit", "b64", "zip", "enc")):
        return Refusal("malformed", "the token's header is not one plain JSON object")
    if header.get("alg") != "HS256":
        return Refusal("malformed", "the token's algorithm is not HS256")
    typ = header.get("typ", "JWT")
    if not (_is_text(typ) and typ.upper() == "JWT" and _is_text(header.get("kid", "none"))):
        return Refusal("malformed", "the token's header has a typ or kid of the wrong kind")
    return None


def _object(segment: bytes) -> dict[str, Any] | None:
    try:
        spelled = segment.translate(_FROM_URLSAFE) + b"=="[: -len(segment) % 4]
        raw = binascii.a2b_base64(spelled)
        text = raw.decode("utf-8").strip(_BLANKS)
        value, end = _JSON.raw_decode(text)
        # An escaped surrogate: two of them are one character, but a lone one is no text, and fails where it is used.
        if "\\" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    # Whoever decodes leniently gives one token several spellings, and a replay cache several names for it.
    if type(value) is not tuple or end != len(text) or binascii.b2a_base64(raw, newline=False) != spelled:
        return None
    pairs = cast("tuple[tuple[str, Any], ...]", value)
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None  # a name that stands twice


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_text(value: object) -> TypeGuard[str]:
    return type(value) is str and value != ""


def _are_instants(*values: Any) -> bool:
    for value in values:
        if not (type(value) is int or type(value) is float) or not -_LATEST <= value <= _LATEST:
            return False
    return True


# An object becomes a tuple of pairs, as a list stays a list. Made once: json.loads would make one for every call.
_JSON = json.JSONDecoder(object_pairs_hook=tuple, parse_constant=_no_constant)
