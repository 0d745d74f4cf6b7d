"""The options that say which messages, dead letters or log entries are meant; of one name, any may fit."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from .._core.durations import parse_duration

Function = TypeVar("Function", bound=Callable[..., Any])
_COMMON = ("url", "url_group", "queue", "schedule_id", "label", "flow_control_key")


class Ago(click.ParamType):
    """A duration before now, or an instant with its time zone; Unix milliseconds."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        now = datetime.now().astimezone()
        try:
            instant = datetime.fromisoformat(value) if value[4:5] == "-" else now - parse_duration(value, "it")
        except (TypeError, ValueError) as error:
            self.fail(f"{value!r} is neither a duration such as 1h nor an instant: {error}", param, ctx)
        return int(instant.astimezone().timestamp() * 1000)


class Span(click.ParamType):
    """A duration such as 1d2h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        try:
            return parse_duration(value, "it")
        except (TypeError, ValueError) as error:
            self.fail(str(error), param, ctx)


def filtered(function: Function) -> Function:
    """With the options that all kinds of filters have."""
    for option in (
        click.option("--until", "to_time", type=Ago(), metavar="WHEN", help="Not after this."),
        click.option("--since", "from_time", type=Ago(), metavar="WHEN", help="1h ago, or 2030-01-31T12:00Z."),
        *(click.option(f"--{name.replace('_', '-')}", multiple=True, metavar="TEXT") for name in reversed(_COMMON)),
    ):
        function = option(function)
    return function


def filter_of(given: dict[str, Any]) -> Any:
    """Of those that were given; empty where none was."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items() if value}
