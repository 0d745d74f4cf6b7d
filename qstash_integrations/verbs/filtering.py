"""The options that say which messages, dead letters or log entries are meant; of one name, any may fit."""

from datetime import datetime, timedelta
from typing import Any, cast

import click

from .._core.durations import parse_duration
from .verb import Function, read_by

_COMMON = ("url", "url_group", "queue", "schedule_id", "label", "flow_control_key")


@read_by
def ago(text: str) -> int:
    """A duration before now, or an instant, without its time zone that of this machine; Unix milliseconds."""
    now = datetime.now().astimezone()
    try:
        instant = datetime.fromisoformat(text) if text[4:5] == "-" else now - parse_duration(text, "it")
    except ValueError as error:
        raise ValueError(f"{text!r} is neither a duration such as 1h nor an instant: {error}") from error
    return int(instant.astimezone().timestamp() * 1000)


@read_by
def span(text: str) -> timedelta:
    """A duration such as 1d2h."""
    return parse_duration(text, "it")


def filtered(function: Function) -> Function:
    """With the options that all kinds of filters have."""
    for option in (
        click.option("--until", "to_time", type=ago, metavar="WHEN", help="Not after this."),
        click.option("--since", "from_time", type=ago, metavar="WHEN", help="1h ago, or 2030-01-31T12:00Z."),
        *(click.option(f"--{name.replace('_', '-')}", multiple=True, metavar="TEXT") for name in reversed(_COMMON)),
    ):
        function = option(function)
    return function


def chosen(ids: tuple[str, ...], every: bool, given: dict[str, Any]) -> Any:
    """The filter; empty for ids, and for all. UsageError unless it is one of the three."""
    wanted = filter_of(given)
    if (bool(ids) + bool(wanted) + every) != 1:
        raise click.UsageError("give ids, or filters, or --all")
    return wanted


def filter_of(given: dict[str, Any]) -> Any:
    """Of those that were given; empty where none was."""
    return {
        name: [*cast("tuple[str, ...]", value)] if isinstance(value, tuple) else value
        for name, value in given.items()
        if value
    }
