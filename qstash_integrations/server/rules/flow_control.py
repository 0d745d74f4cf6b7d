"""How many deliveries of one key may start, and when: fixed windows and a limit on what is in flight.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from ..._core.durations import format_duration, parse_duration
from ..._core.publishing.options import OPTIONS
from ..model import Flow, FlowControl, Limits, Refused

_KEY, *_LIMITS = OPTIONS["flow_control"].parts
_PARTS = {part.name: part for part in _LIMITS}
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


def read_flow_control(key: str | None, value: str | None) -> FlowControl | None:
    """From the two headers; Refused unless both are there or none is."""
    if key is None and value is None:
        return None
    if not key:
        raise Refused(400, "Upstash-Flow-Control-Value needs an Upstash-Flow-Control-Key")
    if not value:
        raise Refused(400, "Upstash-Flow-Control-Key needs an Upstash-Flow-Control-Value such as 'parallelism=3'")
    check_key(key)
    found: dict[str, int] = {}
    for part in value.split(","):
        name, _, text = (piece.strip() for piece in part.partition("="))
        if name not in _PARTS or name in found:
            raise Refused(400, f"invalid Upstash-Flow-Control-Value: unknown or repeated part {part.strip()[:60]!r}")
        found[name] = read_limit(name, text)
    return FlowControl(key=key, **found)


def check_key(key: str) -> str:
    if not key or len(key) > _KEY.longest or not key.isprintable() or "/" in key:
        raise Refused(400, f"invalid flow control key: at most {_KEY.longest} printable characters without '/'")
    return key


def of_destination(url: str, limits: Limits) -> FlowControl | None:
    """What the server itself allows to one host and port; None when it sets no limit.

    A publisher's key has no slash, so this one is none that a publisher could name.
    """
    if limits.destination_parallelism is None and limits.destination_rate is None:
        return None
    parts = urlsplit(url.lower())
    place = parts.netloc.removesuffix(":443" if parts.scheme == "https" else ":80")
    return FlowControl(
        key=f"{parts.scheme}://{place}", parallelism=limits.destination_parallelism, rate=limits.destination_rate
    )


def read_limit(name: str, text: str) -> int:
    """A limit of 1 or more; ``period`` may also be a duration."""
    if _PARTS[name].kind == "duration":
        try:
            seconds = int(parse_duration(text, name).total_seconds())
        except ValueError as error:
            raise Refused(400, f"invalid flow control: {error}") from error
        return check_limit(name, seconds)
    if not _NUMBER.fullmatch(text):
        raise Refused(400, f"invalid flow control: {name} must be a whole number from 1 on, not {text[:40]!r}")
    return check_limit(name, int(text))


def check_limit(name: str, limit: int) -> int:
    """The limit; ``period`` counts seconds."""
    part = _PARTS[name]
    least, most = part.least, part.local_most or limit
    if not least <= limit <= most:
        if part.kind == "duration":
            shortest, longest = (format_duration(timedelta(seconds=end)) for end in (least, most))
            raise Refused(400, f"invalid flow control: {name} must be between {shortest} and {longest}")
        raise Refused(400, f"invalid flow control: {name} must be between {least} and {most}, not {limit}")
    return limit


def configured(flow: Flow, wanted: FlowControl) -> Flow:
    """The newest message's limits are the key's, except for what is pinned."""
    if not flow.pinned_parallelism:
        flow = replace(flow, parallelism=wanted.parallelism)
    if not flow.pinned_rate:
        flow = replace(flow, rate=wanted.rate, period=wanted.period)
    return flow


def at(flow: Flow, now: float) -> Flow:
    """The counters as they are at ``now``: a period that lapsed counts nothing."""
    if flow.rate_count and now >= flow.period_start_at + flow.period:
        return replace(flow, rate_count=0, period_start_at=0.0)
    return flow


def room(flow: Flow, now: float) -> int | None:
    """How many deliveries may start now; None: any number."""
    if flow.paused:
        return 0
    flow = at(flow, now)
    left = [
        limit - used
        for limit, used in ((flow.parallelism, flow.active), (flow.rate, flow.rate_count))
        if limit is not None
    ]
    return max(min(left), 0) if left else None


def started(flow: Flow, count: int, now: float) -> Flow:
    """After ``count`` deliveries have started; the first one of a period begins it."""
    flow = at(flow, now)
    begins = flow.rate_count == 0 and count > 0
    return replace(
        flow,
        active=flow.active + count,
        rate_count=flow.rate_count + count,
        period_start_at=now if begins else flow.period_start_at,
    )


def opens_again_at(flow: Flow) -> float:
    """When a rate that is used up lets go again; a moment that is past for every other."""
    used_up = flow.rate is not None and flow.rate_count >= flow.rate
    return flow.period_start_at + flow.period if used_up else 0.0


def opens_at(flow: Flow, now: float) -> float | None:
    """When waiting messages may start, as far as time decides it; None when only an ending delivery does."""
    if flow.paused or (flow.parallelism is not None and flow.active >= flow.parallelism):
        return None
    flow = at(flow, now)
    if flow.rate is not None and flow.rate_count >= flow.rate:
        return flow.period_start_at + flow.period
    return now
