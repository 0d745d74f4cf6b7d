"""Publish options out of ``Upstash-*`` headers, by the table that the client writes them by.

Unknown ``Upstash-*`` headers are ignored and never forwarded.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

from ..._core.publishing.options import OPTIONS, Option
from ..model import CallbackOptions, Header, Options, Refused
from .destination import check_url
from .flow_control import read_flow_control
from .headers import canonical, check_size, forwarded, relayed
from .values import READERS, boolean, number

MAX_HOPS = 5
# Deliveries carry it, and no SDK sends it: a publish call that has it is itself a delivery, through a proxy perhaps.
HOPS = "upstash-hops"
_HEADER_FORWARD = "upstash-header-forward"
_CRON = OPTIONS["cron"].header.lower()
# Of a schedule: what concerns the call that makes it, or has no meaning for what it publishes.
NOT_OF_SCHEDULES = frozenset(
    (
        _HEADER_FORWARD,
        *(option.header.lower() for option in OPTIONS.values() if not {"message", "schedule"} <= {*option.of}),
    )
)
_OWN = "upstash-"
_FORWARD = "upstash-forward-"
_NOT_OF_CALLBACKS = tuple(OPTIONS[name].header.lower().removeprefix(_OWN) for name in ("delay", "not_before", "cron"))
# Where the model's name is not the client's.
_ATTRIBUTES = {"label": "labels", "redact": "redaction", "not_before": "not_before_at"}
_DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in fields(Options)}

Table = Mapping[str, Option]


def by_header(options: Iterable[Option]) -> Table:
    """The rows that a message's headers are read by, under those headers without ``Upstash-``."""
    return {
        header.lower().removeprefix(_OWN): option
        for option in options
        if "message" in option.of and option.kind not in ("headers", "callback_headers", "content_type")
        for header in option.headers
    }


_TABLE = by_header(OPTIONS.values())
_OF_CALLBACKS: Table = {name: option for name, option in _TABLE.items() if "callback" in option.of}


class _Given(NamedTuple):
    """The headers of one call."""

    pairs: tuple[Header, ...]
    fields: Mapping[str, str]  # by lower-case names, the later one of two
    now: float


def read_options(headers: Iterable[Header], now: float, base: Options | None = None, table: Table = _TABLE) -> Options:
    """The options in ``headers``, the later one of two winning; what they leave out stays as in ``base``.

    Refused names the header whose value makes no sense.
    """
    pairs = tuple(headers)
    given = _Given(pairs, {name.lower(): value.strip() for name, value in pairs}, now)
    if _CRON in given.fields:
        raise Refused(400, "Upstash-Cron makes a schedule of what is published, and has no meaning for anything else")
    changes: dict[str, Any] = {}
    others = {} if base is None else dict(base.others)
    for attribute, value in _values(given, _OWN, table).items():
        (changes if attribute in _DEFAULTS else others)[attribute] = value
    if HOPS in given.fields:
        changes["hops"] = _hops(given.fields[HOPS])
    changes["others"] = tuple(others.items())
    if base is None:
        return Options(**changes, headers=_headers((), given))
    return replace(base, **changes, headers=_headers(base.headers, given))


def merged(defaults: Iterable[Header], headers: Iterable[Header]) -> tuple[Header, ...]:
    """A URL group's default headers under the ones of a request."""
    given = tuple(headers)
    names = {name.lower() for name, _ in given}
    return (*((name, value) for name, value in defaults if name.lower() not in names), *given)


def repeated(options: Options) -> Options:
    """What is left of a message's options for the one that it is published as once more."""
    once = [attribute_of(option.name) for option in OPTIONS.values() if option.once]
    others = tuple((name, value) for name, value in options.others if name not in once)
    return replace(options, others=others, **{name: _DEFAULTS[name] for name in once if name in _DEFAULTS})


def attribute_of(name: str) -> str:
    """What the model calls an option."""
    return _ATTRIBUTES.get(name, name)


def _values(given: _Given, prefix: str, table: Table) -> dict[str, Any]:
    """By the model's names, what stands in the headers with this prefix."""
    found: dict[str, Any] = {}
    for header, text in given.fields.items():
        option = table.get(header[len(prefix) :]) if header.startswith(prefix) else None
        if option is None:
            continue
        found[attribute_of(option.name)] = _value(option, header, text, given, prefix)
    return found


def _value(option: Option, header: str, text: str, given: _Given, prefix: str) -> Any:
    match option.kind:
        case "callback":
            return _callback(header, text, given)
        case "flow_control":
            key, limits = (given.fields.get(prefix + name.lower().removeprefix(_OWN)) for name in option.headers)
            return read_flow_control(key, limits)
        case _:
            return READERS[option.kind](option, header, text, given.now)


def _callback(header: str, url: str, given: _Given) -> CallbackOptions:
    """With its own settings, among which there may be a failure callback that has some, too."""
    prefix = f"{header}-"
    for name in _NOT_OF_CALLBACKS:
        if prefix + name in given.fields:
            raise Refused(400, f"{canonical(prefix + name)} is not supported: callbacks cannot be delayed")
    return CallbackOptions(
        url=check_url(url, header.removeprefix(_OWN).replace("-", " ")),
        headers=check_size(tuple(_forwarded(given.pairs, f"{prefix}forward-"))),
        **_values(given, prefix, _OF_CALLBACKS),
    )


def _headers(base: tuple[Header, ...], given: _Given) -> tuple[Header, ...]:
    found: list[Header] = []
    if _HEADER_FORWARD in given.fields and boolean(_HEADER_FORWARD, given.fields[_HEADER_FORWARD]):
        found += relayed(given.pairs)
    explicit = _forwarded(given.pairs, _FORWARD)
    names = {name for name, _ in explicit}
    found = [header for header in found if header[0] not in names] + explicit
    if given.fields.get("content-type") and "Content-Type" not in names:
        content_type = forwarded("Content-Type", given.fields["content-type"])
        if content_type is not None:
            found.append(content_type)
    replaced = {name for name, _ in found}
    return check_size((*(header for header in base if header[0] not in replaced), *found))


def _forwarded(pairs: tuple[Header, ...], prefix: str) -> list[Header]:
    found = (forwarded(name[len(prefix) :], value) for name, value in pairs if name.lower().startswith(prefix))
    return [header for header in found if header is not None]


def _hops(text: str) -> int:
    hops = number(HOPS, text)
    if hops > MAX_HOPS:
        raise Refused(400, f"delivered and published again {hops} times: its destination leads back to a local QStash")
    return hops
