"""Decide whether a request comes from QStash: the current signing key first, then the next one.

Never turns verification off. Takes no key from the environment, ``Settings.load().receiver()`` does that; it only asks
there whether a published key may count.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

import hashlib
import time
from collections.abc import Callable
from typing import NoReturn

from ..errors import ConfigurationError, SignatureError
from .token import Claims, Keys, Refusal, check_body, cut, mac_of, read, signed_with

SHORTEST_KEY = 20
LARGEST_TOLERANCE = 300
PLACEHOLDERS = (
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "signing_key",
    "signing-key",
    "your_",
    "your-",
    "<",
)
# Printed in Upstash's documentation and in every SDK: whoever reads those can sign with them.
DEV_KEYS = frozenset(
    {
        "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
        "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
        "sig_7GVPjvuwsfqF65iC8fSrs1dfYruM",
        "sig_5NoELc3EFnZn4DVS5bDs2Nk4b7Ua",
        "sig_6jWGaWRxHsw4vMSPJprXadyvrybF",
        "sig_7qHbvhmahe5GwfePDiS5Lg3pi6Qx",
        "sig_5T8FcSsynBjn9mMLBsXhpacRovJf",
        "sig_7GFR4YaDshFcqsxWRZpRB161jguD",
    }
)
PUBLISHED = "is a published key of local development, with which anybody can sign"


def wall_clock() -> float:
    """Unix seconds, by what is ``time.time`` when it is called: freezegun puts a function of its own there."""
    return time.time()


class Receiver:
    """Checks the ``Upstash-Signature`` of requests. Safe to share between threads and tasks.

    ``next_signing_key=None`` says in writing that there is one key only. ``clock_tolerance`` is in seconds, 0 to 300,
    and is applied at both ends of the token's lifetime. ``now`` returns Unix seconds.

    The published keys of local development, with which anybody can sign, count while QSTASH_URL is this machine or a
    private name and the environment does not declare production. ``allow_dev_keys`` says in writing that they do, or
    with False that they never do.

    Raises ConfigurationError for a key that is empty, blank, shorter than 20 characters, a placeholder or published.
    """

    __slots__ = ("_allow_dev_keys", "_clock_tolerance", "_keys", "_now")

    def __init__(
        self,
        current_signing_key: str,
        next_signing_key: str | None,
        *,
        clock_tolerance: float = 5,
        allow_dev_keys: bool | None = None,
        now: Callable[[], float] = wall_clock,
    ) -> None:
        problem = _keys_problem(current_signing_key, next_signing_key, allow_dev_keys) or _tolerance_problem(
            clock_tolerance
        )
        if problem:
            del current_signing_key, next_signing_key  # error trackers print the locals of raising frames
            raise ConfigurationError(problem)
        self._allow_dev_keys: bool | None = allow_dev_keys
        self._clock_tolerance = clock_tolerance
        self._now = now
        self._keys = Keys.of(current_signing_key, next_signing_key)

    def set_keys(self, current_signing_key: str, next_signing_key: str | None) -> None:
        """Use this pair from now on, in every thread at once; what is refused leaves the old pair in use.

        Raises ConfigurationError as the constructor does.
        """
        problem = _keys_problem(current_signing_key, next_signing_key, self._allow_dev_keys)
        if problem:
            del current_signing_key, next_signing_key  # error trackers print the locals of raising frames
            raise ConfigurationError(problem)
        # One assignment: whoever verifies meanwhile has the old pair or the new one.
        self._keys = Keys.of(current_signing_key, next_signing_key)

    def verify(
        self,
        *,
        signature: str | bytes | None,
        body: bytes | str,
        url: str | None,
        clock_tolerance: float | None = None,
    ) -> Claims:
        """The claims of a genuine request, or SignatureError with its ``reason``.

        ``body`` is the raw body; a str is encoded as UTF-8. ``url`` is the public URL of the endpoint, compared
        exactly; None says in writing that it is not compared, and then a request signed for any other endpoint of the
        account passes. ``clock_tolerance`` overrides the receiver's own.
        """
        if not isinstance(body, (bytes, bytearray, memoryview, str)):
            raise TypeError(f"body must be bytes or str, not {type(body).__name__}")
        if url is not None and not isinstance(url, str):
            raise TypeError(f"url must be a str or None, not {type(url).__name__}")
        if clock_tolerance is not None and (problem := _tolerance_problem(clock_tolerance)):
            del signature, body
            raise ConfigurationError(problem)
        outcome = self.authenticate(signature, clock_tolerance)
        if isinstance(outcome, Claims):
            outcome = _check_url(outcome, url) or check_body(outcome, _digest(body)) or outcome
        if isinstance(outcome, Claims):
            return outcome
        del signature, body  # error trackers print the locals of raising frames
        raise SignatureError(*outcome[:4])

    def authenticate(self, signature: str | bytes | None, clock_tolerance: float | None = None) -> Claims | Refusal:
        """The first half of ``verify``, before a byte of the body is read: key, form and lifetime of the token.

        The URL and the body are still to be compared. Never raises for what a stranger sent.
        """
        tolerance = self._clock_tolerance if clock_tolerance is None else clock_tolerance
        sealed = cut(signature)
        if isinstance(sealed, Refusal):
            return sealed
        key = signed_with(self._keys, sealed)
        if key is None:
            return Refusal("wrong_key", "the signature was made with neither of the signing keys")
        # Only a wrong key moved on: an expired token must be reported as expired.
        return read(sealed, key, self._now(), tolerance)

    def macs(self, message: bytes) -> tuple[bytes, bytes | None]:
        """HMAC-SHA256 of ``message`` by both keys, for the verdict of a probe. Raises nothing: its locals are keys."""
        current, following = self._keys
        return mac_of(current, message), None if following is None else mac_of(following, message)

    @property
    def now(self) -> Callable[[], float]:
        """The clock, in Unix seconds."""
        return self._now

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} holds signing keys and cannot be pickled or copied")


def _digest(body: bytes | str) -> bytes:
    # A lone surrogate has no bytes in UTF-8; it is another body then, and no error.
    return hashlib.sha256(body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body).digest()


def _check_url(claims: Claims, url: str | None) -> Refusal | None:
    if url is None or claims.sub == url:
        return None
    return Refusal("url_mismatch", f"signed for {claims.sub!a}, expected {url!a}", claims.sub, url)


def _keys_problem(current: object, following: object, allow_dev_keys: bool | None) -> str | None:
    return _key_problem("current_signing_key", current, allow_dev_keys) or (
        None if following is None else _key_problem("next_signing_key", following, allow_dev_keys)
    )


def _key_problem(name: str, key: object, allow_dev_keys: bool | None) -> str | None:
    if hasattr(key, "get_secret_value"):
        return f"{name} must be a str, not {type(key).__name__}; give its get_secret_value()"
    if not isinstance(key, str):
        return f"{name} must be a str, not {type(key).__name__}; copy it from the QStash console"
    if not key:
        return f"{name} is empty; copy it from the QStash console"
    if not key.isascii() or not key.isprintable() or " " in key:
        return f"{name} has blanks or characters that no signing key has; copy it again from the QStash console"
    if key[0] in "'\"" or key[-1] in "'\"":
        return f"{name} has quotes around it; write it without them, or copy it again from the QStash console"
    if len(key) < SHORTEST_KEY:
        return (
            f"{name} is a placeholder or cut short (under {SHORTEST_KEY} characters); copy it from the QStash console"
        )
    if len(set(key)) < 8 or any(word in key.lower() for word in PLACEHOLDERS):
        return f"{name} is a placeholder; copy it from the QStash console"
    if key in DEV_KEYS and (remedy := _remedy_for_dev_keys(allow_dev_keys)):
        return f"{name} {PUBLISHED}; {remedy}"
    return None


def _remedy_for_dev_keys(allow_dev_keys: bool | None) -> str | None:
    if allow_dev_keys is not None:
        return None if allow_dev_keys else "copy your own keys from the QStash console"
    # Imported here: whoever has keys of his own needs neither the settings nor what they import.
    from ..settings.development import remedy_for_dev_keys

    return remedy_for_dev_keys()


def _tolerance_problem(value: float) -> str | None:
    if type(value) in (int, float) and 0 <= value <= LARGEST_TOLERANCE:
        return None
    return f"clock_tolerance must be 0 to {LARGEST_TOLERANCE} seconds, not {value!r}"
