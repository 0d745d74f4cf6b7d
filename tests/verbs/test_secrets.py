"""``--reveal`` shows what is hidden else; ``tests/verbs/test_json.py`` looks for it in what every command prints."""

import pytest

from qstash_integrations import QStash
from tests.verbs.places import Place
from tests.verbs.stock import SECRET, stock_up

REVEALED = {
    "messages get": {"body", "headers", "url"},
    "dlq show": {"body", "headers", "url", "response_body", "response_headers"},
}


@pytest.mark.parametrize("command", REVEALED)
def test_a_message_is_shown_to_whoever_asks_for_it(place: Place, command: str) -> None:
    stock = stock_up(place.qstash)
    which = stock.dlq_id if command == "dlq show" else stock.message_id
    hidden = place.run(*command.split(), which, "--json").json
    revealed = place.run(*command.split(), which, "--json", "--reveal").json
    assert {name for name in hidden if hidden[name] != revealed[name]} == REVEALED[command]
    assert all(SECRET in str(revealed[name]) for name in REVEALED[command])
    assert SECRET in place.run(*command.split(), which, "--reveal").out


def test_a_url_group_is_shown_with_its_queries(place: Place) -> None:
    stock_up(place.qstash)
    assert f"?token={SECRET}" in place.run("url-groups", "show", "all", "--reveal").out
    assert f"?token={SECRET}" in place.run("url-groups", "list", "--json", "--reveal").out


def test_keys_are_told_apart_without_being_shown(place: Place) -> None:
    keys = QStash().signing_key.get()
    hidden = place.run("keys", "show")
    assert not {keys.current, keys.next} & set(hidden.out.split())
    shown = place.run("keys", "show", "--reveal", "--json").json
    assert shown == {"current": {"key": keys.current, "is_here": True}, "next": {"key": keys.next, "is_here": True}}


def test_a_rotation_tells_which_keys_the_app_has_to_get(place: Place) -> None:
    before = QStash().signing_key.get()
    shown = place.run("keys", "rotate", "--yes", "--reveal", "--json").json
    assert shown["current"] == {"key": before.next, "is_here": True}
    assert shown["next"]["is_here"] is False


def test_what_a_schedule_sends_is_shown_to_whoever_asks_for_it(place: Place) -> None:
    QStash().schedule.create(
        destination=f"https://testserver/hooks/ship?token={SECRET}",
        cron="0 7 * * *",
        schedule_id="shop.test.daily",
        label="qstash-integrations",
        body=SECRET,
    )
    hidden, shown = (place.run("schedules", "plan", *given).out for given in ((), ("--reveal",)))
    assert SECRET not in hidden
    assert f"body: {SECRET} -> " in shown
