"""What a flow-control key allows, and how much of that is taken.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowControlInfo:
    """What a flow-control key allows, and how much of that is taken now. 0 stands for no limit."""

    key: str = field(metadata={"name": "flowControlKey"})
    wait_list_size: int = 0
    """Messages that wait for their turn."""
    parallelism_max: int = 0
    """Deliveries that may be in flight."""
    parallelism_count: int = 0
    """Deliveries in flight."""
    rate_max: int = 0
    """Deliveries that may be started in a period."""
    rate_count: int = 0
    """Deliveries started in this period."""
    rate_period: int = 0
    """Seconds."""
    rate_period_start: int = 0
    """Unix seconds."""
    is_paused: bool = False
    """Whether nothing is delivered until ``resume``."""
    is_pinned_parallelism: bool = False
    """Whether later messages leave the parallelism as it is."""
    is_pinned_rate: bool = False
    """Whether later messages leave rate and period as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalParallelismInfo:
    """How many deliveries of the whole account may be in flight, and are."""

    parallelism_max: int
    """Set by the plan."""
    parallelism_count: int = 0
    """Deliveries in flight."""
