"""What handlers raise although their framework makes a 500 of it, through its own signal for such exceptions.

Spec: https://docs.djangoproject.com/en/stable/ref/signals/#got-request-exception and
https://flask.palletsprojects.com/en/stable/api/#flask.got_request_exception
"""

import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from .in_process import Answer


@contextmanager
def reported() -> Generator[list[Exception]]:
    """What handlers raise meanwhile, as far as Flask and Django tell of it."""
    errors: list[Exception] = []

    def of_flask(sender: object, *, exception: Exception, **_: object) -> None:
        errors.append(exception)

    def of_django(**_: object) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, Exception):
            errors.append(error)

    with ExitStack() as stack:
        if sys.modules.get("flask"):
            from flask import got_request_exception

            stack.enter_context(got_request_exception.connected_to(of_flask))
        if sys.modules.get("django"):
            from django.core.signals import got_request_exception as signal

            signal.connect(of_django)
            stack.callback(signal.disconnect, of_django)
        yield errors


def with_error(errors: list[Exception], answer: Answer) -> Answer:
    return answer if answer.error or not errors else replace(answer, error=errors[0])
