"""``client.flow_control``.

Spec: https://upstash.com/docs/qstash/features/flowcontrol
"""

from typing import Any, Unpack, overload

from ..discreet import discreet
from ..message_options import PinFlowControlOptions, UnpinFlowControlOptions
from ..operations import flow_control as operations
from ..operations import merged
from ..results.flow_control import FlowControlInfo, GlobalParallelismInfo
from ..signatures import named_options
from . import AsyncRunner


@named_options
@discreet
class AsyncFlowControlApi:
    """``client.flow_control``: limits by key. Each call raises APIError or TransportError where QStash fails it."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncRunner) -> None:
        self._client = client

    async def get(self, flow_control_key: str) -> FlowControlInfo:
        """What the key allows and how much of that is taken; APIError 404 for a key that no message has named."""
        return await self._client.run(operations.get(flow_control_key))

    async def get_global_parallelism(self) -> GlobalParallelismInfo:
        """How many deliveries the account may have in flight, and has."""
        return await self._client.run(operations.get_global_parallelism())

    async def pause(self, flow_control_key: str) -> None:
        """Deliver nothing under this key until ``resume``; messages are still accepted."""
        return await self._client.run(operations.pause(flow_control_key))

    async def resume(self, flow_control_key: str) -> None:
        """End a pause: what has waited is delivered, within the limits."""
        return await self._client.run(operations.resume(flow_control_key))

    @overload
    async def pin(self, flow_control_key: str, options: PinFlowControlOptions) -> None: ...
    @overload
    async def pin(self, flow_control_key: str, **options: Unpack[PinFlowControlOptions]) -> None: ...
    async def pin(self, flow_control_key: str, options: Any = None, **fields: Any) -> None:
        """Fix ``parallelism``, ``rate`` and ``period`` against what later messages say; the period begins anew."""
        return await self._client.run(operations.pin(flow_control_key, merged(options, fields)))

    @overload
    async def unpin(self, flow_control_key: str, options: UnpinFlowControlOptions) -> None: ...
    @overload
    async def unpin(self, flow_control_key: str, **options: Unpack[UnpinFlowControlOptions]) -> None: ...
    async def unpin(self, flow_control_key: str, options: Any = None, **fields: Any) -> None:
        """Let later messages change ``parallelism=True`` or ``rate=True`` again."""
        return await self._client.run(operations.unpin(flow_control_key, merged(options, fields)))

    async def reset_rate(self, flow_control_key: str) -> None:
        """Begin a new period of the rate now, with nothing counted."""
        return await self._client.run(operations.reset_rate(flow_control_key))

    async def list(self, *, search: str | None = None) -> list[FlowControlInfo]:
        """All keys, or those that have ``search`` in them."""
        return await self._client.run(operations.list_all(search))
