"""What a verb of ``schedules`` is asked, and its exit codes.

0, all is well; 1, it could not be done or told, and nothing is known; 2, from ``check`` alone, the code and QStash say
something else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

OK, FAILED, DRIFT = 0, 1, 2
Name: TypeAlias = Literal["list", "plan", "sync", "check", "pause", "resume"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulesCommand:
    verb: Name
    names: Sequence[str] = ()
    """Of what is paused or resumed: as the code calls it, or ids."""
    json: bool = False
    reveal: bool = False
    """Show bodies and headers instead of their hashes."""
    prune: bool = False
    """Delete those that are no longer in the code."""
    yes: bool = False
    """Do not ask."""
