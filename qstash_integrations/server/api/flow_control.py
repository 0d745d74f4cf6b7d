"""Flow control: what each key's limits are and how full, pause, pin, reset.

Spec: https://upstash.com/docs/qstash/api/flow-control
"""

from ..engine import Engine
from ..model import Flow, Refused
from ..rules.flow_control import read_limit
from .api_call import ApiCall, Reply
from .contents import Fields
from .filters import value_of


def list_all(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, [_fields(flow) for flow in engine.flows.search(value_of(call.parameters, "search") or "")])


def get(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, _fields(engine.flows.get(call.path["key"])))


def pause(engine: Engine, call: ApiCall) -> Reply:
    engine.flows.pause(call.path["key"])
    return Reply()


def resume(engine: Engine, call: ApiCall) -> Reply:
    engine.flows.resume(call.path["key"])
    return Reply()


def pin(engine: Engine, call: ApiCall) -> Reply:
    parallelism, rate, period = (_limit(call, name) for name in ("parallelism", "rate", "period"))
    engine.flows.pin(call.path["key"], parallelism=parallelism, rate=rate, period=period)
    return Reply()


def unpin(engine: Engine, call: ApiCall) -> Reply:
    engine.flows.unpin(call.path["key"], parallelism=_flag(call, "parallelism"), rate=_flag(call, "rate"))
    return Reply()


def reset_rate(engine: Engine, call: ApiCall) -> Reply:
    engine.flows.reset_rate(call.path["key"])
    return Reply()


def global_parallelism(engine: Engine, call: ApiCall) -> Reply:
    overview = engine.inspection.overview()
    return Reply(200, {"parallelismMax": overview.parallelism, "parallelismCount": overview.active})


def _limit(call: ApiCall, name: str) -> int | None:
    text = value_of(call.parameters, name)
    return None if text is None else read_limit(name, text)


def _flag(call: ApiCall, name: str) -> bool:
    text = (value_of(call.parameters, name) or "false").lower()
    if text not in ("true", "false"):
        raise Refused(400, f"invalid {name} {text[:40]!r}: it must be true or false")
    return text == "true"


def _fields(flow: Flow) -> Fields:
    return {
        "flowControlKey": flow.key,
        "waitListSize": flow.held,
        # SDKs want numbers; 0 stands for no limit.
        "parallelismMax": flow.parallelism or 0,
        "parallelismCount": flow.active,
        "rateMax": flow.rate or 0,
        "rateCount": flow.rate_count,
        "ratePeriod": flow.period,
        "ratePeriodStart": int(flow.period_start_at),
        "isPaused": flow.paused,
        "isPinnedParallelism": flow.pinned_parallelism,
        "isPinnedRate": flow.pinned_rate,
    }
