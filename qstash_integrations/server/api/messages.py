"""Pending messages: look at one, cancel one or many.

Spec: https://upstash.com/docs/qstash/api/messages
"""

from ..engine import Engine
from ..model import Filter
from .api_call import ApiCall, Parameters, Reply
from .filters import MESSAGES, check_known, count_of, filter_of, from_json
from .render import message_fields

MOST_AT_ONCE = 500


def get(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, message_fields(engine.messages.get(call.path["id"])))


def cancel(engine: Engine, call: ApiCall) -> Reply:
    return Reply(202, {"cancelled": engine.messages.cancel(call.path["id"])})


def cancel_many(engine: Engine, call: ApiCall) -> Reply:
    """By ids, which win over filters, or by filters; everything when neither is given, but for Workflow runs."""
    parameters = check_known((*call.parameters, *from_json(call.json_object())), MESSAGES)
    count = count_of(parameters, None, MOST_AT_ONCE)
    return Reply(202, {"cancelled": engine.messages.cancel_all(_wanted(parameters), count)})


def _wanted(parameters: Parameters) -> Filter:
    wanted = filter_of(parameters, MESSAGES, of_runs=False)
    return Filter(message_ids=wanted.message_ids) if wanted.message_ids else wanted
