"""What a verb of ``outbox`` is asked, and its exit codes.

0, all is well, also of a relay that was told to end; 1, it could not be done; 2, from ``stats`` and ``relay --once``,
something is parked, or has waited for too long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

OK, FAILED, UNHEALTHY = 0, 1, 2
Name: TypeAlias = Literal["relay", "stats", "requeue", "prune"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxCommand:
    verb: Name
    json: bool = False
    once: bool = False
    """End when nothing is due any more."""
    interval: float = 1.0
    """Seconds between two looks."""
    ids: Sequence[str] = ()
    all: bool = False
    """Requeue all that are parked."""
    older_than: timedelta | None = None
    """Prune what was sent before; as long as rows are kept where it is None."""
