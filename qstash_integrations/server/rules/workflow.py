"""What makes a publication a message of a workflow run, and which headers its deliveries carry. Pure.

The SDK replays the user's function and decides what comes next; of a step, only its place is read here.

Spec: https://upstash.com/docs/workflow/basics/how
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..model import CallType, Header, Options, Publication, Refused, Run, RunSettings, Step
from .headers import check_size, is_value
from .invocations import Invocation, read_invocation
from .options import merged, repeated
from .steps import step_of, text_of

RUN_ID = "upstash-workflow-runid"
_LONGEST_ID = 1024
_OWN = frozenset(
    (
        RUN_ID,
        "upstash-workflow-url",
        "upstash-workflow-init",
        "upstash-workflow-createdat",
        "upstash-workflow-calltype",
    )
)
_FORWARD = "upstash-forward-"
# What an SDK that was called itself sends back of that request, and what is the server's own.
_NOT_OF_RUNS = frozenset(("accept-encoding", "user-agent"))
_OF_CALLBACKS = ("upstash-callback-", "upstash-failure-callback-")
# By these, a delivery says that its body is a list of steps, or that it comes from outside: each time anew.
_OF_ONE_DELIVERY = ("upstash-workflow-sdk-version", "upstash-workflow-unknown-sdk")
_OF_EVERY_DELIVERY = "upstash-workflow-invoke-count"
_JSON = ("Content-Type", "application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A publication for a run, as its headers describe it."""

    run_id: str
    url: str  # of the workflow
    is_first: bool
    by_sdk: bool  # started once more by the SDK that it was delivered to
    call_type: CallType
    features: tuple[str, ...]
    headers: tuple[Header, ...] = field(repr=False)  # to read the options from
    step: Step
    waits: int | None  # of a call: the step that waits for its result
    invocation: Invocation | None  # of a run that another one starts


def item_of(publication: Publication) -> Item | None:
    """None for what is no message of a workflow."""
    given = {name.lower(): value.strip() for name, value in publication.headers}
    run_id = given.get(RUN_ID)
    if not run_id:
        return None
    if len(run_id) > _LONGEST_ID:
        raise Refused(400, f"invalid Upstash-Workflow-RunId: longer than {_LONGEST_ID} characters")
    if not is_value(run_id):
        raise Refused(400, f"invalid Upstash-Workflow-RunId {run_id[:40]!r}: line breaks or characters beyond latin-1")
    is_call = given.get("upstash-workflow-calltype") == "toCallback"
    is_first = _is_true(given, "upstash-workflow-init") and not is_call
    waits = given.get("upstash-callback-forward-upstash-workflow-stepid", "")
    return Item(
        run_id=run_id,
        url=given.get("upstash-workflow-url") or publication.destination,
        is_first=is_first,
        by_sdk=_is_true(given, "upstash-workflow-trigger-by-sdk"),
        call_type="toCallback" if is_call else "step",
        features=tuple(name for name in map(str.strip, given.get("upstash-feature-set", "").split(",")) if name),
        headers=workflow_headers(publication.headers, is_call=is_call),
        step=Step() if is_first or is_call else read_step(publication.body),
        waits=int(waits) if is_call and waits.isdecimal() and len(waits) < 10 else None,
        invocation=read_invocation(publication.body)
        if is_first and _is_true(given, "upstash-workflow-invoke")
        else None,
    )


def read_step(body: bytes) -> Step:
    """What there is to be read; nothing of what is no step."""
    fields = step_of(body)
    if _number(fields, "stepId") is None:
        return Step()
    until = fields.get("sleepUntil")
    return Step(
        id=_number(fields, "stepId"),
        target=_number(fields, "targetStep"),
        name=text_of(fields, "stepName"),
        type=text_of(fields, "stepType"),
        concurrent=_number(fields, "concurrent") or 1,
        sleep_until=float(until) if isinstance(until, int | float) and not isinstance(until, bool) else None,
    )


def workflow_headers(headers: Iterable[Header], *, is_call: bool = False) -> tuple[Header, ...]:
    """As for any publication: what a callback carries as ``Upstash-Workflow-``, it forwards."""
    found: list[Header] = []
    for name, value in headers:
        lower = name.lower()
        for prefix in _OF_CALLBACKS:
            if lower.startswith(f"{prefix}workflow-"):
                name = f"{prefix}forward-upstash-{lower[len(prefix) :]}"
            elif lower.startswith(f"{prefix}{'forward-'}") and lower[len(prefix) + 8 :] in _NOT_OF_RUNS:
                name = ""
        # A call is made for the user, with the user's own headers.
        if not is_call and lower.startswith(_FORWARD) and lower[len(_FORWARD) :] in _NOT_OF_RUNS:
            name = ""
        if name:
            found.append((name, value))
    return tuple(found)


def settings_of(options: Options, features: tuple[str, ...]) -> RunSettings:
    """What a run keeps of the options of its first message."""
    return RunSettings(
        options=replace(repeated(options), queue=None, callback=None, headers=_users(options.headers)),
        features=features,
    )


def base_of(settings: RunSettings) -> Options:
    """What counts for a message of the SDK's that does not bring its own."""
    if settings.keeps:
        return settings.options
    return Options(labels=settings.options.labels, redaction=settings.options.redaction)


def of_calls(settings: RunSettings) -> Options:
    """What counts for a call to somebody else: nothing but what is not to be shown."""
    return Options(redaction=settings.options.redaction)


def of_delivery(options: Options, run: Run, *, is_first: bool, url: str | None = None) -> Options:
    """The options with the headers that say which run a step belongs to."""
    headers = options.headers
    if not any(name == "Content-Type" for name, _ in headers):
        headers = (*headers, _JSON)
    return replace(options, callback=None, headers=_marked(headers, run, url, is_first=is_first))


def of_call_back(headers: tuple[Header, ...], run: Run, call_type: CallType) -> tuple[Header, ...]:
    """The headers of a call's result, or of the call that tells of a failure: never marked as a list of steps."""
    given = {name.lower(): value for name, value in headers}
    kept = tuple(header for header in headers if header[0].lower() not in (*_OF_ONE_DELIVERY, "content-type"))
    marked = _marked((*kept, _JSON), run, given.get("upstash-workflow-url"), is_first=False)
    return (*marked, ("Upstash-Workflow-CallType", call_type))


def over(defaults: tuple[Header, ...], headers: tuple[Header, ...]) -> tuple[Header, ...]:
    """The run's own headers under the ones of a message."""
    return check_size(merged(defaults, headers))


def _marked(headers: tuple[Header, ...], run: Run, url: str | None, *, is_first: bool) -> tuple[Header, ...]:
    return (
        *(header for header in headers if header[0].lower() not in _OWN),
        ("Upstash-Workflow-RunId", run.id),
        ("Upstash-Workflow-Url", url or run.url),
        ("Upstash-Workflow-Init", "true" if is_first else "false"),
        ("Upstash-Workflow-CreatedAt", str(round(run.created_at * 1000))),
    )


def _users(headers: tuple[Header, ...]) -> tuple[Header, ...]:
    return tuple(header for header in headers if _is_kept(header[0].lower()))


def _is_kept(name: str) -> bool:
    return name != "content-type" and (name == _OF_EVERY_DELIVERY or not name.startswith("upstash-workflow-"))


def _is_true(given: Mapping[str, str], name: str) -> bool:
    return given.get(name, "").lower() == "true"


def _number(found: Mapping[str, Any], name: str) -> int | None:
    value = found.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None
