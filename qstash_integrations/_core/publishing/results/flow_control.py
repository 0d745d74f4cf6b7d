"""What a flow-control key allows, and how much of that is taken.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowControlInfo:
    """0 stands for no limit."""

    key: str = field(metadata={"name": "flowControlKey"})
    wait_list_size: int = 0
    """Messages that wait for their turn."""
    parallelism_max: int = 0
    parallelism_count: int = 0
    """Deliveries in flight."""
    rate_max: int = 0
    rate_count: int = 0
    """Deliveries started in this period."""
    rate_period: int = 0
    """Seconds."""
    rate_period_start: int = 0
    """Unix seconds."""
    is_paused: bool = False
    is_pinned_parallelism: bool = False
    is_pinned_rate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalParallelismInfo:
    """Of the whole account."""

    parallelism_max: int
    parallelism_count: int = 0
    """Deliveries in flight."""
