"""What happens, as lines for a person, who may have a terminal, or as values for machines.

Of a URL the query is left out, which may hold secrets. No body is in any line.
"""

import time
from dataclasses import dataclass

from ..._core.task_urls import task_of
from ..._core.texts import printable
from ..attempt import Attempt
from ..model import Headline, Message, Note, Options, Outcome
from ..rules.retry import gives_up
from ..rules.run_groups import called_step
from .terminal import columns, cut, cut_in_the_middle, wrapped

_GREEN, _YELLOW, _RED, _CYAN, _DIM, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[36m", "\x1b[2m", "\x1b[0m"
_LONGEST_URL = 200
_SHORT_ID = 12  # characters, with which the dashboard's search finds a message
_SHORTEST_URL = 16
_LONGEST_RUN, _LONGEST_STEP = 36, 40
_INDENT = 10  # below the time

Value = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``below`` are whole sentences; the other parts are short."""

    mark: str
    colour: str = ""
    took: str = ""
    id: str = ""
    called: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


def of_attempt(attempt: Attempt, *, dashboard: str, now: float, is_short: bool) -> Line:
    """``200  12 ms  msg_...  POST  http://...``, or ``task  shop.tasks.ship`` where that is what was called."""
    message, outcome, then = attempt.message, attempt.outcome, attempt.then
    facts = _errand(message)
    below: list[str] = []
    if message.retried:
        facts.append(f"(retry {message.retried} of {message.options.retries})")
    if then is not None and then.state == "RETRY" and then.next_at is not None:
        facts.append(f"next {_when(then.next_at, now)}")
    if then is not None and then.state == "CANCELED":
        facts.append("cancelled")
    if outcome.error:
        below.append(printable(outcome.error))
    if then is not None and then.state == "FAILED":
        below.append(f"dead letter: {_reason(outcome, message.options)}; see and retry it at {dashboard}#/dead-letters")
    return Line(
        mark=f"{outcome.status or '---'}",
        colour=_colour(outcome),
        took=f"{attempt.seconds * 1000:.0f} ms",
        id=_id(message.id, is_short),
        called=_called(message.options.method, message.url),
        facts=tuple(facts),
        below=tuple(below),
    )


def of_news(news: Headline | Note, *, now: float, is_short: bool) -> Line:
    if isinstance(news, Note):
        return Line(mark="note", colour=_CYAN, below=(printable(news.text),))
    if news.state == "CREATED":
        mark, colour, facts = "accepted", _CYAN, _origin(news, now, is_short)
    else:
        # Without an attempt that it follows from, it is the end of one that waited.
        mark, colour, facts = ("cancelled" if news.state == "CANCELED" else "failed"), _YELLOW, ()
    return Line(
        mark=mark,
        colour=colour,
        id=_id(news.id, is_short),
        called=_called(news.options.method, news.url),
        facts=facts,
    )


def shown(line: Line, *, at: str, width: int | None, colour: bool) -> list[str]:
    """Lines that are no wider than ``width``; a single one where there is no terminal."""
    start = [at, f"{line.mark:<9}", *([f"{line.took:>8}", line.id, *line.called] if line.id else [])]
    if width is None:
        return [_coloured("  ".join([*start, *line.facts, *line.below]), line, at, colour)]
    if not line.id:
        rows = wrapped("  ".join([*start, *line.below]), width, 0)
        return [_coloured(rows[0], line, at, colour), *rows[1:]]
    *before, url = start
    facts = "  ".join(line.facts)
    room = width - columns("  ".join(before)) - 2
    beside = room - columns(facts) - 2 if facts else room
    below = [row for sentence in line.below for row in wrapped(sentence, width, _INDENT)]
    if facts and beside < min(columns(url), max(_SHORTEST_URL, room // 2)):
        below = [*wrapped(facts, width, _INDENT), *below]
        facts, beside = "", room
    parts = [*before, cut_in_the_middle(url, max(beside, 0)), *([facts] if facts else [])]
    first = _coloured(cut("  ".join(parts).rstrip(), width), line, at, colour)
    return [first, *(f"{_DIM}{row}{_PLAIN}" if colour else row for row in below)]


def summary(attempt: Attempt) -> dict[str, Value]:
    """An attempt for machines, as values that JSON has: ``status`` is 0 where no answer arrived."""
    message, outcome, then = attempt.message, attempt.outcome, attempt.then
    fields: dict[str, Value] = {
        "status": outcome.status,
        "milliseconds": round(attempt.seconds * 1000, 1),
        "messageId": message.id,
        **_called_for_machines(message.options.method, message.url),
        **_errand_for_machines(message),
        "retried": message.retried,
        "maxRetries": message.options.retries,
    }
    if outcome.error:
        fields["error"] = outcome.error
    if then is not None and then.state == "RETRY" and then.next_at is not None:
        fields["nextAt"] = then.next_at
    if then is not None and then.state == "FAILED":
        fields["deadLetter"] = _reason(outcome, message.options)
    return fields


def summary_of_news(news: Headline | Note) -> dict[str, Value]:
    if isinstance(news, Note):
        return {"text": news.text}
    given = {
        "dueAt": news.next_at,
        "queue": news.queue,
        "urlGroup": news.topic,
        "scheduleId": news.schedule_id,
        "flowControlKey": news.options.flow_control and news.options.flow_control.key,
        "callbackOf": news.callback_of,
        "callerIp": news.caller_ip,
    }
    return {
        "messageId": news.id,
        **_called_for_machines(news.options.method, news.url),
        **_errand_for_machines(news),
        **{name: value for name, value in given.items() if value},
    }


def _origin(news: Headline, now: float, is_short: bool) -> tuple[str, ...]:
    """What it is for, when it is due, what it waits in, and where it comes from."""
    facts = _errand(news)
    if news.next_at is not None and news.next_at > news.at:
        facts.append(f"due {_when(news.next_at, now)}")
    if news.queue is not None:
        facts.append(f"queue {news.queue}{' (paused)' if news.queue_paused else ''}")
    if news.options.flow_control is not None:
        facts.append(f"flow key {news.flow_key}{' (paused)' if news.flow_paused else ''}")
    if news.topic is not None:
        facts.append(f"group {news.topic}")
    if news.options.labels:
        facts.append(f"label {', '.join(news.options.labels)}")
    if news.callback_of is not None:
        facts.append(f"callback of {_id(news.callback_of, is_short)}")
    elif news.schedule_id is not None:
        facts.append(f"schedule {news.schedule_id} fired")
    elif news.caller_ip:
        facts.append(f"from {news.caller_ip}")
    return tuple(map(printable, facts))


def _errand(told: Message | Headline) -> list[str]:
    """What a message does for a workflow run."""
    if told.run_id is None:
        return []
    step = _step(told)
    match told.call_type:
        case "toCallback":
            what = f"call of step {step}"
        case "fromCallback":
            what = f"result of step {step}"
        case "failureCall":
            what = "failure"
        case _:
            what = f"step {step}" if step else "start"
    return [printable(f"run {told.run_id[:_LONGEST_RUN]}"), printable(what)]


def _step(told: Message | Headline) -> str:
    """The name of the step."""
    name = told.step_name
    if told.call_type in ("toCallback", "fromCallback"):
        name = str(called_step(told.call_type, told.options).get("stepName", ""))
    return name if len(name) <= _LONGEST_STEP else f"{name[:_LONGEST_STEP]}..."


def _errand_for_machines(told: Message | Headline) -> dict[str, Value]:
    if told.run_id is None:
        return {}
    fields = {"workflowRunId": told.run_id, "callType": told.call_type, "stepName": _step(told)}
    return {name: value for name, value in fields.items() if value}


def _reason(outcome: Outcome, options: Options) -> str:
    if outcome.answered_well:
        return "it is no Workflow SDK that has answered"
    if gives_up(outcome):
        return "the answer says that trying again is of no use"
    if not options.retries:
        return "it was to be tried once only"
    return f"{'the only retry' if options.retries == 1 else f'all {options.retries} retries'} failed"


def _when(at: float, now: float) -> str:
    there, here = time.localtime(at), time.localtime(now)
    clock = time.strftime("%H:%M:%S" if there[:3] == here[:3] else "%Y-%m-%d %H:%M:%S", there)
    return f"{clock} (in {_span(max(at - now, 0.0))})"


def _span(seconds: float) -> str:
    for unit, size, until in (("s", 1, 100), ("min", 60, 100 * 60), ("h", 3600, 48 * 3600)):
        if round(seconds) < until:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds / 86_400)} days"


def _id(message_id: str, is_short: bool) -> str:
    return message_id[:_SHORT_ID] if is_short else message_id


def _called(method: str, url: str) -> tuple[str, str]:
    task = task_of(url)
    return ("task", printable(task)) if task else (method, _without_query(url))


def _called_for_machines(method: str, url: str) -> dict[str, Value]:
    task = task_of(url)
    return {"method": method, "url": url.partition("?")[0], **({"task": task} if task else {})}


def _without_query(url: str) -> str:
    path, question_mark, _ = printable(url).partition("?")
    shown = path if len(path) <= _LONGEST_URL else path[:_LONGEST_URL] + "..."
    return f"{shown}?..." if question_mark else shown


def _coloured(row: str, line: Line, at: str, colour: bool) -> str:
    start = len(at) + 2
    end = start + len(line.mark)
    if not colour or row[start:end] != line.mark:
        return row
    return f"{row[:start]}{line.colour}{line.mark}{_PLAIN}{row[end:]}"


def _colour(outcome: Outcome) -> str:
    if outcome.delivered:
        return _GREEN
    return _YELLOW if outcome.status in (429, 503) else _RED
