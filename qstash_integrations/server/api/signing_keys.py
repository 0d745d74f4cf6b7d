"""The signing keys: read and rotate.

Spec: https://upstash.com/docs/qstash/api/signing-keys
"""

from ..engine import Engine
from ..model import Keys
from .api_call import ApiCall, Reply


def get(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, _fields(engine.keys.get()))


def rotate(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, _fields(engine.keys.rotate()))


def _fields(keys: Keys) -> dict[str, str]:
    return {"current": keys.current, "next": keys.next}
