"""0 done, 1 not done, 2 called wrongly or not sure; and what is not done changes nothing."""

import io
import sys
from contextlib import nullcontext

import click
import pytest

from qstash_integrations import APIError, QStash
from qstash_integrations.schedules.terminal import Terminal
from qstash_integrations.verbs import App, Verbs, begin
from qstash_integrations.verbs.output import Output
from qstash_integrations.verbs.running import exit_code
from tests.verbs import shop
from tests.verbs.places import Place
from tests.verbs.stock import stock_up

REFUSED = {
    "no destination": ["publish"],
    "two destinations": ["publish", "--url", shop.HOOK, "--url-group", "all"],
    "no URL": ["publish", "--url", "nonsense"],
    "a header without a colon": ["publish", "--url", shop.HOOK, "--header", "a=b"],
    "parallelism of nothing": ["publish", "--url", shop.HOOK, "--parallelism", "2"],
    "no duration": ["publish", "--url", shop.HOOK, "--delay", "soon"],
    "ids and all": ["dlq", "delete", "3", "--all", "--yes"],
    "neither ids nor all": ["messages", "cancel", "--yes"],
    "no instant": ["logs", "--since", "yesterday"],
    "no state": ["logs", "--state", "lost"],
    "no limits": ["flow-control", "pin", "carrier"],
    "a period of nothing": ["flow-control", "pin", "carrier", "--parallelism", "2", "--period", "1m"],
    "no such command": ["queue", "list"],
    "no such option": ["queues", "list", "--paused"],
    "a program of another's": ["routes", "--", "flask", "run"],
}


@pytest.mark.parametrize("typed", REFUSED.values(), ids=REFUSED)
def test_wrong_usage_is_2(place: Place, typed: list[str]) -> None:
    ended = place.run(*typed)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err
    assert place.qstash.outbox.messages == []


NOT_THERE = {
    "a message": ["messages", "get", "nobody"],
    "a message to cancel": ["messages", "cancel", "nobody", "--yes"],
    "a dead letter": ["dlq", "show", "nobody"],
    "a dead letter to retry": ["dlq", "retry", "nobody"],
    "a queue": ["queues", "show", "nobody"],
    "a URL group": ["url-groups", "show", "nobody"],
    "a schedule": ["schedules", "pause", "nobody"],
    "a file": ["publish", "--url", shop.HOOK, "--body", "@nowhere"],
    "an outbox": ["outbox", "stats", "--outbox", "tests.verbs.shop:nobody"],
    "an inbox": ["inbox", "stats", "--inbox", "tests.verbs.shop:nobody"],
}


@pytest.mark.parametrize("typed", NOT_THERE.values(), ids=NOT_THERE)
def test_what_is_not_there_is_1_and_one_line(place: Place, typed: list[str]) -> None:
    ended = place.run(*typed)
    command = " ".join(typed[:2]) if typed[0] != "publish" else "publish"
    assert ended.code == 1
    assert ended.err.startswith(f"{place.typed} {command}: ") or "0 cancelled" in ended.out
    assert ended.err.count("\n") <= 1


def test_a_qstash_that_is_away_is_1_and_one_line(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.qstash.__exit__(None, None, None)
    for name, value in {"QSTASH_TOKEN": "token", "QSTASH_URL": "http://127.0.0.1:9", "QSTASH_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    ended = place.run("queues", "list")
    place.qstash.__enter__()
    assert ended.code == 1
    assert ended.err.startswith(f"{place.typed} queues list: no answer from http://127.0.0.1:9")


DESTROYS = {
    "messages cancel": ["--all"],
    "dlq retry": ["--all"],
    "dlq delete": ["--all"],
    "queues delete": ["orders"],
    "url-groups delete": ["all"],
    "keys rotate": [],
}


def state(client: QStash) -> object:
    keys = client.signing_key.get()
    return (
        [letter.dlq_id for letter in client.dlq.iter()],
        [queue.name for queue in client.queue.list()],
        [group.name for group in client.url_group.list()],
        (keys.current, keys.next),
    )


@pytest.mark.parametrize("command", DESTROYS)
def test_without_a_terminal_and_yes_nothing_is_destroyed(place: Place, command: str) -> None:
    stock = stock_up(place.qstash)
    before = state(QStash())
    ended = place.run(*command.split(), *DESTROYS[command])
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"{place.typed} {command}: this would ")
    assert ended.err.endswith("and there is no terminal to ask at; give --yes as well\n")
    assert state(QStash()) == before
    assert QStash().message.get(stock.message_id).message_id == stock.message_id


@pytest.mark.parametrize("command", DESTROYS)
@pytest.mark.parametrize("answer", [True, False], ids=["y", "n"])
def test_at_a_terminal_it_is_asked(place: Place, command: str, answer: bool) -> None:
    stock = stock_up(place.qstash)
    before = state(QStash())
    asked: list[str] = []
    told: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return answer

    terminal = Terminal(say=told.append, complain=told.append, ask=ask)
    output = Output(terminal=terminal, stdout=io.StringIO(), stderr=sys.stderr)

    class Asking(Verbs):
        def make_context(self, *args: object, **kwargs: object) -> click.Context:
            context = super().make_context(*args, **kwargs)  # type: ignore[arg-type]
            begin(context, lambda: nullcontext(App()), output)
            return context

    code = exit_code(Asking("qstash"), [*command.split(), *DESTROYS[command]], "qstash")
    [question] = asked
    assert question.endswith("? [y/N] ")
    if answer:
        assert code == 0
        gone = command == "messages cancel" and _gone(stock.message_id)
        assert gone or state(QStash()) != before
    else:
        assert (code, told) == (1, [f"qstash {command}: nothing was changed"])
        assert state(QStash()) == before


def _gone(message_id: str) -> bool:
    with pytest.raises(APIError, match="404"):
        QStash().message.get(message_id)
    return True
