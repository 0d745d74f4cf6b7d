"""What comes behind a call of a chain: read before the call runs, published once it has.

Its id is made of that of the call before, and is its deduplication id: published twice, it is one call.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.names import check_names
from .arguments import BadArguments
from .naming import check_name
from .options import CallOptions, check_options
from .wire import RESULT_MARK, CallMessage, message_of, seconds_of, with_members

if TYPE_CHECKING:
    from .task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The next call, and what follows on it. Shows its name alone: error trackers print the locals of frames."""

    name: str
    arguments: Mapping[str, Any] = field(repr=False)
    """Plain JSON, ``RESULT_MARK`` where the result goes."""
    options: Mapping[str, Any] = field(repr=False)
    then: list[Any] = field(repr=False)

    @classmethod
    def read(cls, then: Any) -> "Following | None":
        """Of a body's member; BadArguments for what is none, before anything has run."""
        if not then:
            return None
        try:
            first = then[0]
            options = dict(first["options"])
            check_names(options, CallOptions.__annotations__)
            check_options(options)
            return cls(
                name=check_name(first["task"]),
                arguments=dict(first["arguments"]),
                options={"retries": 3, **options},
                then=list(then[1:]),
            )
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise BadArguments(f"what follows on the call does not fit: {type(error).__name__}") from None

    @property
    def awaits_result(self) -> bool:
        """Whether it takes what the call before returns."""
        return RESULT_MARK in self.arguments.values()

    def message(
        self, result: bytes, parent: str, task: "Task[..., Any] | None", task_url: Callable[[str], str]
    ) -> CallMessage:
        """To publish; BadArguments where the result does not fit ``task``, if it is known here."""
        value = json.loads(result)
        arguments = {name: value if given == RESULT_MARK else given for name, given in self.arguments.items()}
        body = json.dumps(arguments, separators=(",", ":")).encode()
        if task is not None:
            task.arguments.decode(body)
        members = {"$then": self.then, "$timeout": seconds_of(self.options.get("timeout"))}
        body = with_members(body, {name: told for name, told in members.items() if told})
        call_id = hashlib.sha256(f"{parent}:then".encode()).hexdigest()[:32]
        message = message_of(self.name, body, self.options, task_url, call_id)
        message.setdefault("deduplication_id", call_id)
        return message
