"""How a client sends, whatever its token is: the options of ``QStash(...)``, ``QStash(app, ...)`` and Django's dict.

Spec: https://upstash.com/docs/qstash/howto/publishing
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

from ..errors import ConfigurationError
from ..names import check_names
from ..texts import plain
from .header_maps import forwarded
from .inputs import Header
from .options import OPTIONS
from .retry import Retry, RetryPolicy

TIMEOUT = 30.0  # seconds for an answer


class ClientOptions(TypedDict, total=False):
    """How a client sends. None counts as not given.

    A wrong value is a ConfigurationError, or a TypeError, that names the option when the client is made.
    """

    timeout: float | None
    """Seconds for an answer, per try; 30 by default."""
    retry: Retry
    """``{"retries": 5, "backoff": f}``, f from the retry's number to milliseconds; False tries once."""
    http_client: Any
    """A ready ``Client`` of httpx or httpx2, for async code an ``AsyncClient``; its own timeouts count then."""
    headers: Mapping[str, str] | None
    """Forwarded with every message, to wherever it goes; a message's own header of the same name wins."""
    allow_http: bool | None
    """Lets the token travel in clear to another machine; a private name or address needs no such word."""


# What each option is called in a framework's configuration.
CONFIGURED = {name: f"QSTASH_{name.upper()}" for name in ClientOptions.__annotations__}


class Manner:
    """The options, checked. No tuple, which error trackers would print: a header may be a secret."""

    __slots__ = ("allow_http", "headers", "http_client", "policy", "timeout")

    def __init__(
        self,
        *,
        timeout: float = TIMEOUT,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - a constant
        http_client: Any = None,
        headers: Sequence[Header] = (),
        allow_http: bool = False,
    ) -> None:
        self.timeout: float = timeout
        self.policy: RetryPolicy = policy
        self.http_client: Any = http_client
        self.headers: tuple[Header, ...] = tuple(headers)
        self.allow_http: bool = allow_http

    def connects_like(self, other: "Manner") -> bool:
        """Whether the connections of the one serve the other."""
        return self.timeout == other.timeout and self.http_client is other.http_client

    def without_client(self) -> "Manner":
        """For code that waits in the other way, which a ready client is of no use to."""
        return Manner(timeout=self.timeout, policy=self.policy, headers=self.headers, allow_http=self.allow_http)


def manner_of(
    options: ClientOptions, config: Mapping[str, Any] | None = None
) -> "Manner | TypeError | ConfigurationError":
    """The options, or the error that names the one that is wrong: for who has to let go of the others to raise it.

    ``config`` is a framework's, where ``timeout`` is QSTASH_TIMEOUT; what is given as an option wins.
    """
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    found = _configured(config or {}) | given
    try:
        check_names(given, ClientOptions.__annotations__)
        timeout, allow_http = found.get("timeout", TIMEOUT), found.get("allow_http", False)
        if type(timeout) not in (int, float) or not 0 < timeout < float("inf"):
            raise ConfigurationError(f"timeout must be a number of seconds > 0, not {timeout!r}")
        if type(allow_http) is not bool:
            raise ConfigurationError(f"allow_http must be True or False, not {allow_http!r}")
        return Manner(
            timeout=timeout,
            policy=RetryPolicy.of(found.get("retry")),
            http_client=found.get("http_client"),
            headers=_headers(found.get("headers", {})),
            allow_http=allow_http,
        )
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ConfigurationError
        text = str(error)
    wrong = next((name for name in found if name not in given and text.startswith(name)), None)
    return kind(text if wrong is None else CONFIGURED[wrong] + text.removeprefix(wrong))


def _configured(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: config[key] for name, key in CONFIGURED.items() if config.get(key) is not None}


def _headers(value: Any) -> list[Header]:
    if isinstance(value, Mapping):
        texts = cast("Any", value)
        value = {name: plain(texts[name]) for name in texts}
    return forwarded(OPTIONS["headers"], "headers", value)
