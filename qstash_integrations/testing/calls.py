"""What a test expects of a task's call: its task, its arguments, and the options that it names."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .._core.names import check_names
from .._core.publishing.results.fields import is_object
from .._core.task_urls import task_of
from .recorded import Published

if TYPE_CHECKING:
    from ..tasks import Call, Task


class ExpectedCall:
    """Of a task, with some arguments at least; of a call that was bound, with exactly those."""

    def __init__(self, task: "Task[..., Any] | Call", arguments: Mapping[str, Any]) -> None:
        from ..tasks import Call, Task

        self._call: Call | None = None
        if isinstance(task, Call):
            if arguments:
                raise TypeError(f"the call of {task.name} has its arguments already; give the task to name others")
            self._call, task = task, task.task
        if not isinstance(task, Task):
            raise TypeError(f"task must be a task, or a call such as ship.bind(order_id=3), not {task!r}")
        self._task: Task[..., Any] = task
        self.arguments: dict[str, Any] = json.loads(self._call.body if self._call else self._encoded(arguments))
        self._defaults = {} if self._call else self._sent_defaults(arguments)

    @property
    def name(self) -> str:
        return self._task.name

    def arguments_of(self, published: Published) -> Any:
        """Those that are expected, as they were published or go without saying; all of them for a bound call."""
        try:
            body: Any = json.loads(published.body)
        except ValueError:
            return published.body
        if not is_object(body) or task_of(published.destination) != self.name:
            return body
        given = {name: value for name, value in body.items() if not name.startswith("$")}
        if self._call is not None:
            return given
        return {name: value for name, value in {**self._defaults, **given}.items() if name in self.arguments}

    def options_of(self, published: Published) -> Mapping[str, Any]:
        """Those of ``using``, and of a bound call all; as they are where this one was published to."""
        from ..tasks.wire import ready_options

        base = published.destination.partition("?")[0].rpartition("/")[0]

        def task_url(name: str) -> str:
            return f"{base}/{name}"

        if self._call is not None:
            options = self._call.options(task_url)
        elif self._task.is_copy:
            told = {name: value for name, value in self._task.options.items() if not callable(value) or _is_task(value)}
            others = dict.fromkeys(self._task.options.keys() - told.keys())
            ready = ready_options(self._task.using(**others), {}, task_url)
            options = {name: value for name, value in ready.items() if name.removesuffix("_headers") in told}
        else:
            options = {}
        # It went as an id that was made of it.
        return {name: value for name, value in options.items() if name != "content_based_deduplication"}

    def _encoded(self, arguments: Mapping[str, Any]) -> bytes:
        """TypeError that names an argument that no call can have."""
        known = self._task.arguments.parameters.fields
        check_names(arguments, known, "argument")
        return self._task.arguments.encode(arguments)

    def _sent_defaults(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """As they would travel; a default that cannot is left out."""
        sent: dict[str, Any] = {}
        for name, value in self._task.arguments.parameters.with_defaults({}).items():
            if name in arguments:
                with suppress(TypeError):
                    sent |= json.loads(self._encoded({name: value}))
        return sent


def _is_task(value: object) -> bool:
    from ..tasks import Task

    return isinstance(value, Task)
