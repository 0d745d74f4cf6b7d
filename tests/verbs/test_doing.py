"""What commands do at QStash, and what their tables say of it."""

from pathlib import Path

import pytest
from django.core.management import call_command

from qstash_integrations import QStash
from tests.verbs import shop
from tests.verbs.places import Place
from tests.verbs.stock import stock_up


def test_a_message_is_published_with_its_options_and_delivered(place: Place, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b'{"n": 1}')
    options = ["--delay", "10m", "--retries", "2", "--label", "orders", "--header", "X-Order: 3:4"]
    ended = place.run("publish", "--url", shop.HOOK, "--body", f"@{tmp_path / 'body'}", *options)
    [sent] = place.qstash.outbox.messages
    assert ended == (0, f"{ended.out.strip()}\n", "")
    assert sent.body == b'{"n": 1}'
    assert sent.forwarded == {"content-type": "application/json", "x-order": "3:4"}
    assert (sent.header("Upstash-Retries"), sent.header("Upstash-Label")) == ("2", "orders")
    [attempt] = place.qstash.advance("10m")
    assert (attempt.message_id, attempt.status) == (ended.out.strip(), 200)


def test_a_text_is_published_as_it_is(place: Place) -> None:
    place.run("publish", "--url", shop.HOOK, "--body", "hello", "--queue", "orders", "--method", "PUT")
    [sent] = place.qstash.outbox.messages
    assert (sent.body, sent.queue, sent.header("Upstash-Method")) == (b"hello", "orders", "PUT")
    assert sent.forwarded == {}


def test_a_duplicate_is_told(place: Place) -> None:
    typed = ["publish", "--url", shop.HOOK, "--deduplication-id", "order-3"]
    first, second = place.run(*typed), place.run(*typed)
    assert "duplicate" not in first.out
    assert second.out.endswith("  a duplicate, not delivered\n")


def test_a_group_gets_a_message_for_each_endpoint(place: Place) -> None:
    stock_up(place.qstash)
    assert len(place.run("publish", "--url-group", "all", "--json").json["messages"]) == 2


def test_messages_are_cancelled_by_what_they_have(place: Place) -> None:
    stock_up(place.qstash)
    assert place.run("messages", "cancel", "--label", "orders", "--yes").out == "1 cancelled\n"
    assert place.run("messages", "cancel", "--label", "orders", "--yes").out == "0 cancelled\n"
    assert place.run("messages", "cancel", "--all", "--yes").out == "2 cancelled\n"


def test_dead_letters_are_found_by_what_they_have(place: Place) -> None:
    stock = stock_up(place.qstash)
    header, letter = place.run("dlq", "list", "--status", "500", "--since", "1h").out.splitlines()
    assert header.split() == ["ID", "CREATED", "STATUS", "METHOD", "URL", "WHY"]
    assert letter.split()[0] == stock.dlq_id
    assert letter.endswith("answered 500")
    assert place.run("dlq", "list", "--status", "404").out == "no dead letters\n"


def test_a_dead_letter_is_retried_once_and_its_answer_is_an_end(place: Place) -> None:
    stock = stock_up(place.qstash)
    ended = place.run("dlq", "retry", stock.dlq_id, stock.dlq_id)
    assert (ended.code, ended.out) == (0, "1 retried\n")
    assert {attempt.status for attempt in place.qstash.deliver_due()} == {200}
    again = place.run("dlq", "retry", stock.dlq_id)
    assert (again.code, again.out) == (1, "0 retried\n")
    assert again.err == f"{place.typed} dlq retry: there is no dead letter {stock.dlq_id}\n"


def test_dead_letters_are_deleted_by_filters(place: Place) -> None:
    stock_up(place.qstash)
    assert place.run("dlq", "delete", "--status", "404", "--yes").out == "0 deleted\n"
    assert place.run("dlq", "delete", "--status", "500", "--yes").out == "1 deleted\n"
    assert place.qstash.dead_letters == []


def test_the_log_is_told_oldest_first_and_by_state(place: Place) -> None:
    stock_up(place.qstash)
    states = [line.split()[1] for line in place.run("logs").out.splitlines()]
    assert states == ["STATE", "CREATED", "ACTIVE", "ERROR", "FAILED", "CREATED", "CREATED", "CREATED"]
    failed = place.run("logs", "--state", "failed", "--limit", "1").out.splitlines()
    assert [line.split()[1] for line in failed] == ["STATE", "FAILED"]


def test_a_queue_that_is_changed_stays_paused(place: Place) -> None:
    assert place.run("queues", "set", "orders", "--parallelism", "2").out == "orders set\n"
    place.run("queues", "pause", "orders")
    place.run("queues", "set", "orders", "--parallelism", "3")
    assert (QStash().queue.get("orders").parallelism, QStash().queue.get("orders").paused) == (3, True)
    assert place.run("queues", "list").out == "NAME    PARALLELISM  LAG  PAUSED\norders  3            0    paused\n"
    place.run("queues", "resume", "orders")
    assert QStash().queue.get("orders").paused is False
    assert place.run("queues", "delete", "orders", "--yes").out == "orders deleted\n"
    assert place.run("queues", "list").out == "no queues\n"


def test_endpoints_come_and_go(place: Place) -> None:
    endpoints = ["one=https://one.example/hook", "https://two.example/hook?a=b"]
    assert place.run("url-groups", "add", "all", *endpoints).out == "2 added\n"
    assert place.run("url-groups", "show", "all").out.splitlines()[1].split() == ["one", "https://one.example/hook"]
    place.run("url-groups", "remove", "all", "one")
    assert [one.url for one in QStash().url_group.get("all").endpoints] == ["https://two.example/hook?a=b"]


PINS = {
    "both": (["--parallelism", "2", "--rate", "9", "--period", "1h"], [], (False, False)),
    "the rate": (["--parallelism", "2", "--rate", "9"], ["--rate"], (True, False)),
    "the parallelism": (["--parallelism", "2", "--rate", "9"], ["--parallelism"], (False, True)),
}


@pytest.mark.parametrize(("limits", "unpinned", "left"), PINS.values(), ids=PINS)
def test_limits_are_pinned_and_let_go(
    place: Place, limits: list[str], unpinned: list[str], left: tuple[bool, bool]
) -> None:
    stock_up(place.qstash)
    api = QStash().flow_control
    assert place.run("flow-control", "pin", "carrier", *limits).out == "carrier pinned\n"
    info = api.get("carrier")
    assert (info.parallelism_max, info.rate_max, info.is_pinned_parallelism, info.is_pinned_rate) == (2, 9, True, True)
    assert " pinned" in place.run("flow-control", "list").out
    place.run("flow-control", "unpin", "carrier", *unpinned)
    info = api.get("carrier")
    assert (info.is_pinned_parallelism, info.is_pinned_rate) == left


def test_a_key_is_paused_and_resumed(place: Place) -> None:
    stock_up(place.qstash)
    place.run("flow-control", "pause", "carrier")
    assert QStash().flow_control.get("carrier").is_paused
    place.run("flow-control", "resume", "carrier")
    assert not QStash().flow_control.get("carrier").is_paused
    assert "parallelism_max" in place.run("flow-control", "show").out


def test_the_outbox_beside_an_app_needs_no_name(place: Place) -> None:
    stock_up(place.qstash)
    if place.name == "django":  # there it is in the project's database
        call_command("migrate", "qstash_outbox", verbosity=0)
    ended = place.run("outbox", "stats", "--json")
    assert (ended.code, ended.json["waiting"]) == (0, 0)


def test_routes_tell_what_is_verified_and_what_was_forgotten(place: Place) -> None:
    header, *rows = place.run("routes").out.splitlines()
    assert header.split() == ["URL", "METHODS", "VERIFIED", "HANDLER", "OPTIONS"]
    [ship] = [row for row in rows if row.startswith(f"{shop.HOOK} ")]
    [forgotten] = [row for row in rows if row.startswith("/webhooks/qstash ")]
    assert " by " in ship
    assert forgotten.endswith("its path has 'webhooks'")


def test_schedules_of_the_app_are_made_and_told(place: Place) -> None:
    assert "+ shop.test.daily is not there yet" in place.run("schedules", "plan").out
    assert place.run("schedules", "check").code == 2
    assert place.run("schedules", "sync").code == 0
    assert place.run("schedules", "check").code == 0
    [made] = QStash().schedule.list()
    assert (made.schedule_id, made.destination) == ("shop.test.daily", shop.HOOK)


def test_a_signed_request_is_one_that_the_app_accepts(place: Place) -> None:
    signed = place.run("sign", "--url", shop.HOOK, "--body", "hello", "--json").json
    assert signed["curl"].startswith(f"curl -i -X POST {shop.HOOK} ")
    assert set(signed["headers"]) == {"Upstash-Signature", "Upstash-Message-Id", "Upstash-Retried"}
