"""The options that a server under test gives to its app, told through the environment of its process."""

import os

from qstash_integrations import Receiver
from qstash_integrations._core.receiving.guard import GuardOptions
from tests.signing import CURRENT, NEXT

CLOCK = "TESTS_SERVERS_CLOCK"
MAX_BODY_SIZE = 1024 * 1024


def options_from_environment() -> GuardOptions:
    """The real clock and the keys of the settings, or a clock that stands still, with which the corpus was signed."""
    clock = os.environ.get(CLOCK)
    options: GuardOptions = {"max_body_size": MAX_BODY_SIZE}
    if clock is not None:
        stands_at = float(clock)
        options["receiver"] = Receiver(CURRENT, NEXT, clock_tolerance=0, now=lambda: stands_at)
    return options
