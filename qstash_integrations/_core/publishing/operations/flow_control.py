"""Read and steer flow-control keys.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

from collections.abc import Mapping
from typing import Any

from ...names import check_names
from ..inputs import check_segment, check_text
from ..message_options import PinFlowControlOptions, UnpinFlowControlOptions
from ..parts import flow_limit
from ..results.fields import read_list, reads
from ..results.flow_control import FlowControlInfo, GlobalParallelismInfo
from . import Operation, nothing


def get(flow_control_key: str) -> Operation[FlowControlInfo]:
    return Operation(method="GET", path=_path(flow_control_key), read=reads(FlowControlInfo), repeatable=True)


def list_all(search: str | None) -> Operation[list[FlowControlInfo]]:
    query = () if search is None else (("search", check_text(search, "search")),)
    return Operation(method="GET", path="/v2/flowControl", query=query, read=_read_keys, repeatable=True)


def pause(flow_control_key: str) -> Operation[None]:
    return Operation(method="POST", path=f"{_path(flow_control_key)}/pause", read=nothing, repeatable=True)


def resume(flow_control_key: str) -> Operation[None]:
    return Operation(method="POST", path=f"{_path(flow_control_key)}/resume", read=nothing, repeatable=True)


def pin(flow_control_key: str, options: Mapping[str, Any]) -> Operation[None]:
    check_names(options, PinFlowControlOptions.__annotations__)
    query = tuple((name, flow_limit(name, value)) for name, value in options.items() if value is not None)
    if not query:
        raise ValueError("give parallelism, rate or period to pin")
    # Not sent again, as reset_rate is not: both begin the period of the rate anew.
    return Operation(method="POST", path=f"{_path(flow_control_key)}/pin", query=query, read=nothing)


def unpin(flow_control_key: str, options: Mapping[str, Any]) -> Operation[None]:
    check_names(options, UnpinFlowControlOptions.__annotations__)
    for name, value in options.items():
        if not isinstance(value, bool | None):
            raise TypeError(f"{name} must be True or False, not {value!r}")
    query = tuple((name, "true") for name, value in options.items() if value)
    if not query:
        raise ValueError("give parallelism=True or rate=True to unpin")
    return Operation(method="POST", path=f"{_path(flow_control_key)}/unpin", query=query, read=nothing, repeatable=True)


def reset_rate(flow_control_key: str) -> Operation[None]:
    return Operation(method="POST", path=f"{_path(flow_control_key)}/resetRate", read=nothing)


def get_global_parallelism() -> Operation[GlobalParallelismInfo]:
    return Operation(method="GET", path="/v2/globalParallelism", read=reads(GlobalParallelismInfo), repeatable=True)


def _path(flow_control_key: str) -> str:
    return f"/v2/flowControl/{check_segment(flow_control_key, 'flow_control_key')}"


def _read_keys(answer: Any) -> list[FlowControlInfo]:
    return read_list(answer, reads(FlowControlInfo), "flow-control keys")
