"""Whom a client speaks for: where the QStash API is, and the token for it. Shows the token in no repr and no traceback.

Spec: https://upstash.com/docs/qstash/api/authentication
"""

from ..errors import ConfigurationError
from ..hosts import is_private
from ..settings.values import Settings
from ..texts import plain

_FOR_APPS = {
    "django": "from qstash_integrations.django import qstash",
    "fastapi": "qstash_integrations.fastapi.QStash(app)",
    "flask": "qstash_integrations.flask.QStash(app)",
    "starlette": "qstash_integrations.starlette.QStash(app)",
}


class Account:
    """Base URL and token, and whether OpenTelemetry is told.

    No tuple: error trackers print the locals of frames, and walk through tuples instead of asking for their repr.
    """

    __slots__ = ("base_url", "otel", "token")

    def __init__(self, base_url: str, token: str, otel: str = "on") -> None:
        self.base_url: str = base_url
        self.token: str = token
        self.otel: str = otel

    @classmethod
    def of(cls, settings: Settings, *, allow_http: bool) -> "Account":
        """ConfigurationError that names the setting when the token is missing or would travel in clear."""
        if settings.url.lower().startswith("http://") and not (allow_http or is_private(settings.url)):
            raise ConfigurationError(
                f"{settings.name_of('QSTASH_URL')} is http:// on another machine, so the token would travel in clear; "
                "use https://, or pass allow_http=True"
            )
        return cls(settings.url, settings.require_token(), settings.otel)

    def __repr__(self) -> str:
        return f"Account({self.base_url!r}, ***)"


def no_attribute(package: str, name: str, publisher: type[object]) -> str:
    """Why an extension object has no ``name``: ``qstash = QStash(app)`` and ``qstash.publish()`` is easily written."""
    if name.startswith("_") or not hasattr(publisher, name):
        return f"'QStash' object has no attribute {name!r}"
    return (
        f"{package}.QStash puts a publisher on the app and is none itself, so it has no {name!r}; the publisher is "
        f"qstash after: from {package} import qstash"
    )


def problem_of(token: object, base_url: object) -> str | None:
    """What is wrong with the types of a client's arguments."""
    if not isinstance(plain(base_url), str | None):
        return f"base_url must be a str, not {type(base_url).__name__}"
    if isinstance(plain(token), str | None):
        return None
    for kind in type(token).__mro__:
        remedy = _FOR_APPS.get(kind.__module__.partition(".")[0])
        if remedy:
            return f"QStash takes a token; for an app use {remedy}"
    return f"token must be a str, not {type(token).__name__}"
