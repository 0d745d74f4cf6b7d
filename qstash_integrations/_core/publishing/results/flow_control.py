"""What a flow-control key allows, and how much of that is taken.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

from dataclasses import dataclass
from typing import Any

from .fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowControlInfo:
    """0 stands for no limit."""

    key: str
    wait_list_size: int
    """Messages that wait for their turn."""
    parallelism_max: int
    parallelism_count: int
    """Deliveries in flight."""
    rate_max: int
    rate_count: int
    """Deliveries started in this period."""
    rate_period: int
    """Seconds."""
    rate_period_start: int
    """Unix seconds."""
    is_paused: bool
    is_pinned_parallelism: bool
    is_pinned_rate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalParallelismInfo:
    """Of the whole account."""

    parallelism_max: int
    parallelism_count: int
    """Deliveries in flight."""


def read_flow_control_info(answer: Any) -> FlowControlInfo:
    fields = Fields(answer)
    return FlowControlInfo(
        key=fields.need("flowControlKey", str),
        wait_list_size=fields.get("waitListSize", int) or 0,
        parallelism_max=fields.get("parallelismMax", int) or 0,
        parallelism_count=fields.get("parallelismCount", int) or 0,
        rate_max=fields.get("rateMax", int) or 0,
        rate_count=fields.get("rateCount", int) or 0,
        rate_period=fields.get("ratePeriod", int) or 0,
        rate_period_start=fields.get("ratePeriodStart", int) or 0,
        is_paused=fields.get("isPaused", bool) is True,
        is_pinned_parallelism=fields.get("isPinnedParallelism", bool) is True,
        is_pinned_rate=fields.get("isPinnedRate", bool) is True,
    )


def read_global_parallelism(answer: Any) -> GlobalParallelismInfo:
    fields = Fields(answer)
    return GlobalParallelismInfo(
        parallelism_max=fields.need("parallelismMax", int), parallelism_count=fields.get("parallelismCount", int) or 0
    )
