"""How a request becomes a ``Delivery``, or the answer to one that may not pass.

``body_timeout`` has no effect here: under WSGI the server owns the socket, and its own timeout counts.
"""

from collections.abc import Callable
from typing import cast
from weakref import WeakKeyDictionary, ref

from flask import Flask, Response, g

from .._core.from_settings import FromSettings
from .._core.receiving.answers import Answer
from .._core.receiving.delivery import Delivery
from .._core.receiving.guard import Guard, GuardOptions
from .._core.receiving.head import head_of_environ
from .._core.receiving.options import guard_from_settings
from .body import give_back, read, reads_chunks
from .conf import app_here, config_of, load, options_of, request_here
from .response import claimed, end_with_response, response

DELIVERY = "qstash_delivery"


def deliver(guard: Guard) -> Delivery | Answer:
    """Verify the head, then read and verify the body, and leave the body where Flask looks for it."""
    here = request_here()  # which a proxy would look up again for each of a dozen attributes
    head = head_of_environ(here.environ, reads_chunks=reads_chunks(here))
    admission = guard.admit(head)
    if isinstance(admission, Answer):
        return admission
    body = read(here, head, guard)
    delivery = body if isinstance(body, Answer) else admission.take(body)
    if isinstance(delivery, Delivery):
        give_back(here, delivery.body)
    return delivery


class Verification:
    """One use of ``verify_qstash`` or ``protect``: its options, and a guard for every app that it serves."""

    def __init__(self, options: GuardOptions) -> None:
        guard_from_settings(options)  # wrong options are reported where they are written
        self._options = options
        self._guards: WeakKeyDictionary[Flask, FromSettings[Guard]] = WeakKeyDictionary()

    def guard(self, app: Flask) -> Guard:
        """ConfigurationError when a setting is missing that neither the view nor the extension was given."""
        made = self._guards.get(app)
        if made is None:
            options: GuardOptions = {**options_of(app), **self._options}
            # Not the app itself, which would stay alive as its own key, nor its configuration, which holds secrets.
            alive = cast("Callable[[], Flask]", ref(app))
            made = guard_from_settings(options, lambda: load(alive()), lambda: config_of(alive()).get("TRUSTED_HOSTS"))
            self._guards[app] = made
        return made()

    def refuse(self) -> Response | None:
        """The answer to a request that may not pass, or None with the delivery in its place."""
        # An app context that outlives its requests, as in tests, still has the previous one's.
        g.pop(DELIVERY, None)
        guard = self.guard(app_here())
        delivery = deliver(guard)
        if not isinstance(delivery, Delivery):
            return response(delivery)
        turn = guard.once.begin(delivery, request_here().method, claimed())
        if isinstance(turn, Answer):
            return response(turn)
        if turn.open:
            end_with_response(turn)
        setattr(g, DELIVERY, delivery)
        return None
