"""What ``/v2`` has no call for and the dashboard needs. Same token, same rules; ``curl`` can use it as well.

A list of messages to search, one message with all that happened to it, bodies as files, the request that an attempt
would make, deliver now, replay, signed right or wrong, run a schedule now, how attempts ended lately, and a new start.
"""

from typing import Any, get_args

from ..engine import Engine
from ..model import Flaw, Refused, Search, milliseconds
from .api_call import ApiCall, Parameters, Reply
from .contents import shown_body
from .filters import check_known, count_of, filter_of, integer, value_of
from .local_render import event_list, listed_fields, message_detail, overview_fields, request_fields
from .publishing import receipt_fields
from .routing import Route

PREFIX = "/_local/"
PAGE = 100
TICKS = 5
MINUTES_SHOWN = 10
LONGEST_TEXT = 200
_EXACT = frozenset(("messageid", "queuename", "label", "topicname", "scheduleid", "flowcontrolkey"))
_SEARCH = _EXACT | {"state", "url", "text", "cursor", "count"}
_FLAWS: tuple[str, ...] = get_args(Flaw)


def overview(engine: Engine, call: ApiCall) -> Reply:
    check_known(call.parameters, ())
    return Reply(200, overview_fields(engine.inspection.overview()))


def messages(engine: Engine, call: ApiCall) -> Reply:
    """A cursor without messages means: nothing so far, but older ones were not looked at yet."""
    parameters = check_known(call.parameters, _SEARCH)
    page = engine.inspection.messages(
        _search(parameters), cursor=value_of(parameters, "cursor"), count=count_of(parameters, PAGE, PAGE) or PAGE
    )
    fields: dict[str, Any] = {"messages": [listed_fields(listed) for listed in page.items]}
    return Reply(200, {**fields, "cursor": page.cursor} if page.cursor else fields)


def message(engine: Engine, call: ApiCall) -> Reply:
    found = engine.inspection.message(call.path["id"])
    fields = message_detail(found, engine.inspection.related(found))
    return Reply(200, {**fields, "events": event_list(engine.inspection.history(found))})


def body(engine: Engine, call: ApiCall) -> Reply:
    found = engine.inspection.message(call.path["id"])
    return Reply(200, shown_body(found.body, found.options.redaction))


def answer_body(engine: Engine, call: ApiCall) -> Reply:
    """Attempts are counted from 1."""
    found = engine.inspection.message(call.path["id"])
    number = integer("attempt", call.path["attempt"])
    outcomes = [event.outcome for event in engine.inspection.history(found) if event.state in ("DELIVERED", "ERROR")]
    outcome = outcomes[number - 1] if 1 <= number <= len(outcomes) else None
    if outcome is None:
        raise Refused(404, f"attempt {number} of message {found.id!r} not found")
    return Reply(200, outcome.body)


def request(engine: Engine, call: ApiCall) -> Reply:
    found = engine.inspection.message(call.path["id"])
    return Reply(200, request_fields(found, engine.inspection.next_request(found)))


def deliver(engine: Engine, call: ApiCall) -> Reply:
    """Now instead of when it is due."""
    engine.messages.deliver_now(call.path["id"])
    return Reply(200, {"messageId": call.path["id"]})


def replay(engine: Engine, call: ApiCall) -> Reply:
    """``{"signature": "expired"}`` asks for one attempt with a signature that has this flaw."""
    flaw = call.json_object().get("signature")
    if flaw is not None and flaw not in _FLAWS:
        raise Refused(400, f"invalid signature {str(flaw)[:40]!r}: use one of {', '.join(_FLAWS)}")
    return Reply(201, {"messageId": engine.messages.replay(call.path["id"], flaw).message_id})


def ticks(engine: Engine, call: ApiCall) -> Reply:
    """Of every schedule, by its id, the next moments at which it publishes."""
    found = {schedule.id: engine.inspection.next_ticks(schedule, TICKS) for schedule in engine.schedules.all()}
    return Reply(200, {schedule_id: [milliseconds(tick) for tick in ticks] for schedule_id, ticks in found.items()})


def cron(engine: Engine, call: ApiCall) -> Reply:
    """The next moments of an expression that no schedule has yet."""
    expression = value_of(check_known(call.parameters, ("cron",)), "cron") or ""
    return Reply(200, {"ticks": [milliseconds(tick) for tick in engine.inspection.ticks_of(expression, TICKS)]})


def run_schedule(engine: Engine, call: ApiCall) -> Reply:
    return Reply(201, [receipt_fields(one) for one in engine.schedules.run(call.path["id"])])


def seconds(engine: Engine, call: ApiCall) -> Reply:
    """From ``fromDate`` on, at most the last ten minutes."""
    parameters = check_known(call.parameters, ("fromdate",))
    since = engine.inspection.overview().now - MINUTES_SHOWN * 60
    given = value_of(parameters, "fromDate")
    if given is not None:
        since = max(since, integer("fromDate", given) / 1000)
    return Reply(
        200,
        [
            {"time": one.at * 1000, "delivered": one.delivered, "retried": one.retried, "failed": one.failed}
            for one in engine.inspection.seconds(since)
        ],
    )


def clear(engine: Engine, call: ApiCall) -> Reply:
    """Messages, dead letters, schedules, queues, groups, flow-control keys and runs; not the keys, nor the token."""
    engine.retention.clear()
    return Reply()


LOCAL_ROUTES = (
    Route("GET", "overview", overview),
    Route("GET", "messages", messages),
    Route("GET", "messages/{id}", message),
    Route("GET", "messages/{id}/body", body),
    Route("GET", "messages/{id}/attempts/{attempt}/body", answer_body),
    Route("GET", "messages/{id}/request", request, is_secret=True),
    Route("POST", "messages/{id}/deliver", deliver),
    Route("POST", "messages/{id}/replay", replay),
    Route("GET", "schedules/ticks", ticks),
    Route("GET", "cron", cron),
    Route("POST", "schedules/{id}/run", run_schedule),
    Route("GET", "seconds", seconds),
    Route("POST", "clear", clear),
)


def _search(parameters: Parameters) -> Search:
    states = filter_of(parameters, ("state",)).states
    url, text = (value_of(parameters, name) or "" for name in ("url", "text"))
    if max(len(url), len(text)) > LONGEST_TEXT:
        raise Refused(400, f"invalid search: at most {LONGEST_TEXT} characters")
    return Search(exact=filter_of(parameters, _EXACT), states=states, url=url, text=text)
