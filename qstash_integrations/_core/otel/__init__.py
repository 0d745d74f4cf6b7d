"""The door to OpenTelemetry, for both towers. Nothing of it is imported before the app itself has done so.

What is recorded of a message that is sent stands in ``publishing/recording.py``, of one that arrives in
``receiving/recording.py``. Bodies, queries, tokens and keys are never recorded.

Spec: https://opentelemetry.io/docs/specs/semconv/messaging/
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .api import Telemetry

OFF = "off"
LINKS = "links"
_find: "Callable[[], Telemetry | None] | None" = None


def telemetry() -> "Telemetry | None":
    """What records in this process; None until an SDK was set up, which nobody can do without importing it."""
    global _find
    if _find is None:
        if "opentelemetry.trace" not in sys.modules:
            return None
        from .api import at_work

        _find = at_work
    return _find()
