"""The head and the body of a Django request, as they came; the body within the limits, or the reason why not.

Spec: https://docs.djangoproject.com/en/stable/ref/request-response/
"""

import io
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, RawPostDataException, UnreadablePostError

from .._core.log_fields import fields
from .._core.receiving.answers import BODY_TOO_LARGE, INCOMPLETE_BODY, LENGTH_REQUIRED, Answer
from .._core.receiving.guard import Guard
from .._core.receiving.head import Head, head_of_environ, head_of_scope
from .._core.receiving.report import logger
from .conf import forced_mount


def head_of(request: HttpRequest) -> Head:
    """Its method is the one that the view is chosen by, which middleware may have set."""
    head = _sent_head(request)
    head.method = (request.method or head.method).upper()
    return head


def _sent_head(request: HttpRequest) -> Head:
    scope: dict[str, Any] | None = getattr(request, "scope", None)
    if scope is not None:
        query = scope.get("query_string")
        # Django takes text for it as well, and its AsyncRequestFactory gives text.
        head = head_of_scope({**scope, "query_string": query.encode()} if isinstance(query, str) else scope)
        # Which Django takes off the path in the place of the server's.
        head.root_path = forced_mount() or head.root_path
        return head
    # Django reads no body without a length; it would show an empty one.
    return head_of_environ(_environ(request), reads_chunks=False)


def read(request: HttpRequest, head: Head, guard: Guard) -> bytes | Answer:
    """The whole body, which stays readable for the view."""
    if not hasattr(request, "scope") and head.content_length is None and request.META.get("CONTENT_LENGTH"):
        # Django's idea of a number is wider than HTTP's, and so is not bounded by the guard's look at the head.
        return LENGTH_REQUIRED
    if _buffered(request) > guard.max_body_size:
        return guard.too_large(head)
    try:
        body = request.body
    except RawPostDataException:
        return guard.taken(head)
    except RequestDataTooBig:
        logger.warning(
            "qstash request rejected: the body is over DATA_UPLOAD_MAX_MEMORY_SIZE (%s bytes); raise it if such "
            "messages are expected",
            settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            extra=fields(
                "rejected",
                reason="body_too_large",
                method=head.method,
                path=head.target.partition("?")[0],
                interface=head.interface,
            ),
        )
        return BODY_TOO_LARGE
    except UnreadablePostError:
        return INCOMPLETE_BODY
    if not body and head.content_length:
        return guard.taken(head)  # by WSGI middleware; a client that left has sent some of it, as a rule
    # gunicorn passes a body that was cut short without a word.
    return INCOMPLETE_BODY if len(body) < (head.content_length or 0) else body


def _buffered(request: HttpRequest) -> int:
    """Bytes that the server has put aside, under ASGI on disk: to be known before they are read into memory."""
    stream: Any = getattr(request, "_stream", None)
    if not hasattr(request, "scope") or stream is None or stream.closed or not stream.seekable():
        return 0
    position = stream.tell()
    size = stream.seek(0, io.SEEK_END)
    stream.seek(position)
    return int(size)


def _environ(request: HttpRequest) -> dict[str, Any]:
    environ = request.META
    # Django has decoded these two in place; WSGI spells them as the bytes they are.
    script_name, path = str(environ.get("SCRIPT_NAME", "")), str(environ.get("PATH_INFO", ""))
    if script_name.isascii() and path.isascii():
        return environ
    spelled = {"SCRIPT_NAME": script_name.encode().decode("latin-1"), "PATH_INFO": path.encode().decode("latin-1")}
    return {**environ, **spelled}
