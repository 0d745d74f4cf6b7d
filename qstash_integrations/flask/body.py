"""The body of Flask's request: all of it within the limits, or the reason why not, and readable again afterwards.

Flask shows an empty body where a form parser or a hook was there first, or where no length was sent. An empty body
that was not sent is never verified: a token for one is easy to come by.

Spec: https://werkzeug.palletsprojects.com/en/stable/request_data/ and https://peps.python.org/pep-3333/
"""

from io import BytesIO

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from .._core.receiving.answers import INCOMPLETE_BODY, LENGTH_REQUIRED, Answer
from .._core.receiving.guard import Guard
from .._core.receiving.head import Head

_CHUNK = 64 * 1024  # bytes
_VERIFIED = "qstash_integrations.body"


def reads_chunks(request: Request) -> bool:
    """Whether the server ends the stream where the body ends, so that no length is needed to read it."""
    return "wsgi.input_terminated" in request.environ


def read(request: Request, head: Head, guard: Guard) -> bytes | Answer:
    """The whole body. Raises Flask's own 413 for a MAX_CONTENT_LENGTH lower than our limit."""
    verified: bytes | None = request.environ.get(_VERIFIED)
    if verified is not None:
        return verified
    touched = "stream" in request.__dict__
    cached: bytes | None = getattr(request, "_cached_data", None)
    body = _read(request, head, guard, touched) if cached is None else cached
    if touched and (isinstance(body, Answer) or _was_taken(request, body)):
        return guard.taken(head)
    return body


def give_back(request: Request, body: bytes) -> None:
    """Let the view, and who verifies once more, read ``body`` in every way that Flask has."""
    request.environ[_VERIFIED] = body
    # For another request made of the environ. What comes next from a server that does not end its stream is unsigned.
    request.environ["wsgi.input"] = BytesIO(body)
    # What a hook has parsed may be of another body; it is parsed anew from this one.
    for name in ("form", "files", "values"):
        request.__dict__.pop(name, None)
    # Once for get_data, which keeps it and feeds the form parser; once for who reads the stream.
    kept = request.__dict__
    kept["stream"] = BytesIO(body)
    request.get_data()
    kept["stream"] = BytesIO(body)


def _read(request: Request, head: Head, guard: Guard, touched: bool) -> bytes | Answer:
    """The body, cut a byte after the guard's limit."""
    length, allowed, limit = _length(request, head), request.max_content_length, guard.max_body_size
    if length is None and not reads_chunks(request):
        return LENGTH_REQUIRED if "HTTP_TRANSFER_ENCODING" in request.environ else b""
    if length is not None and allowed is not None and length > allowed:
        raise RequestEntityTooLarge
    # Flask's own stream knows what of the body is left, but takes a chunked one of exactly MAX_CONTENT_LENGTH for one
    # that is too large.
    stream = request.stream if touched and length is not None else request.input_stream
    wanted = min(limit, limit if allowed is None else allowed) + 1 if length is None else min(limit + 1, length)
    body = bytearray()
    try:
        while len(body) < wanted and (chunk := stream.read(min(_CHUNK, wanted - len(body)))):
            body += chunk
    except RequestEntityTooLarge:
        raise
    except Exception:  # noqa: BLE001 - servers raise what they like when a chunk is malformed: gunicorn a class of its own
        return _ended_early(body, head, guard)
    if allowed is not None and len(body) > allowed:
        raise RequestEntityTooLarge
    return _ended_early(body, head, guard) if length is not None and len(body) < wanted else bytes(body)


def _length(request: Request, head: Head) -> int | None:
    """As Flask takes it, who has none of a chunked body, and a number for what is none to us."""
    if head.content_length is None or "HTTP_TRANSFER_ENCODING" in request.environ:
        return request.content_length
    return head.content_length


def _ended_early(body: bytearray, head: Head, guard: Guard) -> Answer:
    # A client that left has sent some of it, as a rule; WSGI middleware that reads it leaves nothing.
    return INCOMPLETE_BODY if body or not head.content_length else guard.taken(head)


def _was_taken(request: Request, body: bytes) -> bool:
    """Whether a form parser or a hook has had the body: what is left then is not what was sent."""
    if not body and (request.__dict__.get("form") or request.__dict__.get("files")):
        # Werkzeug reads on to the end of a terminated stream, whatever the length says.
        return True
    if request.content_length is not None:
        return len(body) != request.content_length
    return not body and (request.want_form_data_parsed or "HTTP_TRANSFER_ENCODING" in request.environ)
