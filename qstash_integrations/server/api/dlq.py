"""The dead letter queue: look, delete, retry.

Unknown query parameters are refused here, as QStash does.

Spec: https://upstash.com/docs/qstash/api/dlq
"""

from ..engine import Engine
from ..model import Filter
from . import workflow_dlq
from .api_call import ApiCall, Parameters, Reply
from .contents import Fields
from .filters import DEAD_LETTERS, check_known, count_of, earliest_first, filter_of, from_json, trim_of, value_of
from .publishing import split_destination
from .render import dead_letter_fields

PAGE = 100
# With one commit, which nothing else waits out; the cursor says that there are more.
MOST_AT_ONCE = 1000


def list_all(engine: Engine, call: ApiCall) -> Reply:
    """Those of Workflow runs are apart, under ``source=workflow``."""
    if value_of(call.parameters, "source") == "workflow":
        return workflow_dlq.list_all(engine, call)
    parameters = check_known(call.parameters, DEAD_LETTERS)
    page = engine.dead_letters.page(
        filter_of(parameters, DEAD_LETTERS, of_runs=False),
        cursor=value_of(parameters, "cursor"),
        count=count_of(parameters, PAGE, PAGE) or PAGE,
        earliest_first=earliest_first(parameters, True),
    )
    letters = [dead_letter_fields(letter, trim_of(parameters)) for letter in page.items]
    return Reply(200, _with_cursor({"messages": letters}, page.cursor))


def get(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, dead_letter_fields(engine.dead_letters.get(call.path["id"])))


def delete(engine: Engine, call: ApiCall) -> Reply:
    engine.dead_letters.delete(call.path["id"])
    return Reply()


def delete_many(engine: Engine, call: ApiCall) -> Reply:
    """By ids, which win over filters, or by filters; everything when neither is given, a part at a time."""
    parameters = check_known((*call.parameters, *from_json(call.json_object())), DEAD_LETTERS)
    deleted, cursor = engine.dead_letters.delete_all(_wanted(parameters), count=_count(parameters))
    return Reply(200, _with_cursor({"deleted": deleted}, cursor))


def retry(engine: Engine, call: ApiCall) -> Reply:
    """``Upstash-*`` headers of the call replace what the message was published with."""
    _, options = split_destination("", call.query)
    receipt = engine.dead_letters.retry(call.path["id"], (*options, *call.options))
    return Reply(201, {"messageId": receipt.message_id})


def retry_many(engine: Engine, call: ApiCall) -> Reply:
    _, options = split_destination("", call.query)
    query = tuple((name, value) for name, value in call.parameters if not name.lower().startswith("upstash-"))
    parameters = check_known((*query, *from_json(call.json_object())), DEAD_LETTERS)
    receipts, cursor = engine.dead_letters.retry_all(
        _wanted(parameters), count=_count(parameters), overrides=(*options, *call.options)
    )
    # Here, and only here, an empty cursor says that nothing is left.
    return Reply(
        201, {"cursor": cursor or "", "responses": [{"messageId": receipt.message_id} for receipt in receipts]}
    )


def _count(parameters: Parameters) -> int:
    return count_of(parameters, MOST_AT_ONCE, PAGE) or MOST_AT_ONCE


def _wanted(parameters: Parameters) -> Filter:
    wanted = filter_of(parameters, DEAD_LETTERS, of_runs=False)
    return Filter(dlq_ids=wanted.dlq_ids, of_runs=False) if wanted.dlq_ids else wanted


def _with_cursor(fields: Fields, cursor: str | None) -> Fields:
    return {**fields, "cursor": cursor} if cursor else fields
