"""What a view has returned, as far as it has to be made within the transaction: templates and streams.

Spec: https://docs.djangoproject.com/en/stable/ref/request-response/#streaminghttpresponse-objects
"""

import inspect
import sys
from typing import Any

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse


def finished(response: Any) -> HttpResponseBase:
    """Rendered, and with a stream read to its end. A file is none of the app's code.

    TypeError for what has no status, or is made on an event loop.
    """
    if inspect.iscoroutine(response):
        response.close()
    if not isinstance(response, HttpResponseBase):
        raise TypeError(
            f"a view with inbox= must return a response, not {type(response).__name__}: whether its work is committed "
            "depends on the status; put verify_qstash around what makes the response"
        )
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered and not _is_unfinished(response):
        return response.render()
    if response.streaming and not isinstance(response, FileResponse):
        _read(response)
    return response


def _read(stream: Any) -> None:
    if stream.is_async:
        raise TypeError(
            "a view with inbox= cannot answer with an async stream: that runs after the transaction, and outside of it"
        )
    stream.streaming_content = [b"".join(stream.streaming_content)]


def _is_unfinished(response: Any) -> bool:
    """Of Django REST framework, which has not yet chosen how to render it where the decorator stands on a method."""
    theirs: Any = getattr(sys.modules.get("rest_framework.response"), "Response", None)
    return theirs is not None and isinstance(response, theirs) and not hasattr(response, "accepted_renderer")
