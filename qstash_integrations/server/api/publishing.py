"""Publish, enqueue and batch: from requests to publications, and the receipts back.

Spec: https://upstash.com/docs/qstash/api/publish and https://upstash.com/docs/qstash/api/messages/batch
"""

from typing import Any
from urllib.parse import unquote_plus

from ..engine import Engine
from ..model import Header, Publication, Receipt, Receipts, Refused
from ..rules.destination import is_url
from ..rules.options import HOPS
from ..rules.workflow import RUN_ID
from .api_call import MAX_TARGET, ApiCall, Reply, check_headers, header
from .json_text import is_object, read_items


def publish(engine: Engine, call: ApiCall) -> Reply:
    receipts = engine.publishing.publish(publication(call))
    return Reply(_status(receipts, 201), _fields(receipts))


def enqueue(engine: Engine, call: ApiCall) -> Reply:
    receipts = engine.publishing.publish(publication(call, queue=call.path["queue"]))
    return Reply(_status(receipts, 200), _fields(receipts))


def batch(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, [_fields(receipts) for receipts in engine.publishing.batch(batched(engine, call))])


def batched(engine: Engine, call: ApiCall) -> list[Publication]:
    """The publications in a request's body."""
    publications: list[Publication] = []
    for index, item in enumerate(read_items(call.body)):
        # Before all that comes behind it is read.
        if index == engine.limits.batch:
            raise Refused(412, f"the batch is too large: at most {index} messages in one call")
        publications.append(_item(item, index, call))
    return publications


def publication(call: ApiCall, queue: str | None = None) -> Publication:
    """The publication in a request whose path ends with a destination."""
    destination, options = split_destination(call.path["destination"], call.query)
    return Publication(
        destination=destination,
        headers=(*options, *call.headers),
        body=call.body,
        queue=queue,
        caller_ip=call.caller_ip,
    )


def split_destination(path: str, query: str) -> tuple[str, tuple[Header, ...]]:
    """The destination with what is its own of the query, byte for byte, and the options that stood in the query."""
    if not query:
        return path, ()
    own: list[str] = []
    options: list[Header] = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if name.lower().startswith("upstash-"):
            options.append(header(name, unquote_plus(value).encode("utf-8")))
        elif name.lower() != "qstash_token":
            own.append(part)
    rest = "&".join(own)
    return (f"{path}?{rest}" if rest and is_url(path) else path), tuple(options)


def receipt_fields(receipt: Receipt) -> dict[str, Any]:
    """Of what is published; a retry is told by its id alone."""
    return _with_mark({"messageId": receipt.message_id, "url": receipt.url}, receipt.deduplicated)


def _fields(receipts: Receipts) -> Any:
    if receipts.schedule_id is not None:
        return _with_mark({"scheduleId": receipts.schedule_id}, receipts.deduplicated)
    each = [receipt_fields(receipt) for receipt in receipts.each]
    return each if receipts.grouped else each[0]


def _with_mark(fields: dict[str, Any], deduplicated: bool) -> dict[str, Any]:
    return {**fields, "deduplicated": True} if deduplicated else fields


def _status(receipts: Receipts, new: int) -> int:
    marks = [receipt.deduplicated for receipt in receipts.each] or [receipts.deduplicated]
    return 202 if all(marks) else new


def _item(item: Any, index: int, call: ApiCall) -> Publication:
    where = f"batch item {index}"
    if not is_object(item):
        raise Refused(400, f"{where}: it must be an object")
    try:
        return _publication(item, where, call)
    except Refused as error:
        # A workflow may give a call a body that is no text, and its SDK takes 400 for a run that is gone.
        raise Refused(412, error.text) if _is_of_a_run(item) else error from error


def _is_of_a_run(item: dict[str, Any]) -> bool:
    headers = item.get("headers")
    return is_object(headers) and any(name.lower() == RUN_ID for name in headers)


def _publication(item: dict[str, Any], where: str, call: ApiCall) -> Publication:
    target = _text(item, "destination", where)
    if len(target) > MAX_TARGET:
        raise Refused(400, f"{where}: destination is longer than {MAX_TARGET} characters")
    path, _, query = target.partition("?")
    destination, options = split_destination(path, query)
    # The only header of the call that is its messages' as well: a batch that is delivered here may loop, too.
    hops = [pair for pair in call.headers if pair[0].lower() == HOPS]
    return Publication(
        destination=destination,
        headers=(*options, *_headers(item.get("headers"), where), *hops),
        body=_text(item, "body", where).encode("utf-8"),
        queue=_text(item, "queue", where) or None,
        caller_ip=call.caller_ip,
    )


def _text(item: dict[str, Any], name: str, where: str) -> str:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(400, f"{where}: {name} must be a text")
    return value or ""


def _headers(given: Any, where: str) -> tuple[Header, ...]:
    if given is None:
        return ()
    if not is_object(given) or not all(isinstance(value, str) for value in given.values()):
        raise Refused(400, f"{where}: headers must be an object of texts")
    return tuple(check_headers([header(name, value.encode("utf-8")) for name, value in given.items()], where))
