"""The form of the settings: read here, and shown to nobody.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

from collections.abc import Callable, Iterable
from typing import Any, cast

from .._core.errors import ConfigurationError
from .._core.hosts import is_hosted
from .._core.receiving.receiver import DEV_KEYS, PLACEHOLDERS, SHORTEST_KEY
from .._core.receiving.receivers import receiver_of, regional_receivers
from .._core.receiving.urls import trusted_hosts
from .._core.settings.environment import Reader, production
from .._core.settings.given import KEYS, SETTINGS
from .._core.settings.values import DEFAULT_URL, Settings
from .facts import Shapes, Source, Value

_MATTER = ("QSTASH_TOKEN", "QSTASH_URL", *KEYS, "QSTASH_PUBLIC_URL")
_SECRET = ("TOKEN", "SIGNING_KEY")
# Of the local server, as Upstash prints it.
_DEV_TOKEN = "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0="  # noqa: S105 - published


def shapes_of(
    reader: Reader, load: Callable[[], Settings], hosts: object = None, *, has_receiver: bool = False
) -> Shapes:
    """What is wrong with the settings as a whole is said in ``refused``, whatever ``load`` raises of it."""
    try:
        values = dict(_values(reader))
        api_url, public = reader.find("QSTASH_URL").value or DEFAULT_URL, reader.find("QSTASH_PUBLIC_URL").value
    except ConfigurationError as error:
        return Shapes(values={}, api_url=DEFAULT_URL, refused=str(error))
    refused, keys_refused = _refusals(load)
    trusted = trusted_hosts(hosts)
    declared = production()
    keys = [reader.find(key).value for key in KEYS]
    return Shapes(
        values=values,
        api_url=api_url if isinstance(api_url, str) else "",
        hosted=isinstance(api_url, str) and _is_hosted(api_url),
        public_urls=() if callable(public) else tuple(_texts(public)),
        told=callable(public),
        hosts=sorted(trusted.hosts) if trusted else (),
        same_keys=keys[0] is not None and keys[0] == keys[1],
        refused=refused,
        keys_refused=keys_refused,
        receiver=has_receiver,
        production=declared and declared[0],
    )


def value_of(name: str, source: Source, value: object, *, is_secret: bool) -> Value:
    """The form of one value."""
    if not isinstance(value, str):
        return Value(name=name, source=source)
    bare = value.strip()
    inner = bare.strip("'\"")
    ended = value.rstrip("\r\n")
    line_end = "within" if "\n" in ended or "\r" in ended else "behind" if ended != value else ""
    is_key = is_secret and not name.upper().endswith("TOKEN")
    return Value(
        name=name,
        source=source,
        is_blank=not inner,
        quoted=bare[:1] in ("'", '"') or bare[-1:] in ("'", '"'),
        line_end=cast("Any", line_end),
        odd=is_secret and bool(inner) and (not ended.isascii() or not ended.isprintable() or " " in ended),
        published=is_secret and inner in (*DEV_KEYS, _DEV_TOKEN),
        cut=is_key
        and bool(inner)
        and (len(inner) < SHORTEST_KEY or any(word in inner.lower() for word in PLACEHOLDERS)),
    )


def _values(reader: Reader) -> Iterable[tuple[str, Value]]:
    for setting in SETTINGS:
        source = reader.source(setting)
        if source or setting in _MATTER:
            found = reader.find(setting)
            yield setting, value_of(found.name, source, found.value, is_secret=setting.endswith(_SECRET))


def _refusals(load: Callable[[], Settings]) -> tuple[str | None, str | None]:
    try:
        settings = load()
    except ConfigurationError as error:
        return str(error), None
    try:
        receiver_of(settings)
        regional_receivers(settings)
    except ConfigurationError as error:
        return None, str(error)
    return None, None


def _is_hosted(url: str) -> bool:
    try:
        return is_hosted(url.strip().strip("'\""))
    except ValueError:
        return False


def _texts(public: object) -> Iterable[str]:
    if isinstance(public, str):
        return [part.strip() for part in public.split(",") if part.strip()]
    return [one for one in cast("Iterable[object]", public or ()) if isinstance(one, str)]
