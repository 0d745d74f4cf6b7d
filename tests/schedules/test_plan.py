"""``plan`` and ``check``: what is told of each schedule, and what is not."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations._core.publishing.operations import schedule as operations
from qstash_integrations._core.publishing.options import OPTIONS
from qstash_integrations.schedules import Owner, check, plan, wanted
from qstash_integrations.server.model import Limits
from qstash_integrations.tasks import schedule
from tests.options.cases import BESIDE, CASES, DONE
from tests.schedules.account import OWNER, URL, Account, actions, daily

LABELS = {"label": ["qstash-integrations"]}
OF_SCHEDULES = [
    name for name, option in OPTIONS.items() if "schedule" in option.of and name not in ("cron", "schedule_id")
]
# Of a callback there has to be a URL for its headers to mean anything.
WITH = {"callback_headers": {"callback": DONE}, "failure_callback_headers": {"failure_callback": DONE}}


def changed(account: Account, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    account.sync(daily(**before))
    [change] = account.plan(daily(**after)).changes
    assert change.action == ("change" if change.differences else "unchanged")
    return [one.field for one in change.differences]


def test_what_is_not_there_yet_is_created(account: Account) -> None:
    before = account.plan(daily("b"), daily("a.nightly"))
    assert actions(before) == [("create", "a.nightly"), ("create", "b")]
    assert [change.id for change in before.changes] == ["shop.prod.a.nightly", "shop.prod.b"]
    assert account.held() == {}


@pytest.mark.parametrize("name", OF_SCHEDULES)
def test_every_option_is_sent_and_read_back(account: Account, name: str) -> None:
    options = {**WITH.get(name, {}), name: CASES[name].value}
    synced = account.sync(daily(**options))
    assert synced.problems == {}
    assert actions(account.plan(daily(**options))) == [("unchanged", "daily")]


@pytest.mark.parametrize("name", OF_SCHEDULES)
def test_every_option_that_is_added_or_taken_away_is_a_change(account: Account, name: str) -> None:
    beside = WITH.get(name, {})
    assert changed(account, beside, {**beside, name: CASES[name].value})
    assert changed(account, {**beside, name: CASES[name].value}, beside)


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "a body": ({"body": {"region": "eu"}}, {"body": {"region": "us"}}, ["body"]),
    "a binary body": ({"body": b"\xff\x00"}, {"body": b"\xff\x01"}, ["body"]),
    "a header": ({"headers": {"X-Job": "7"}}, {"headers": {"X-Job": "8"}}, ["header x-job"]),
    "a header's name": ({"headers": {"X-Job": "7"}}, {"headers": {"X-Task": "7"}}, ["header x-job", "header x-task"]),
    "retries": ({"retries": 0}, {"retries": 5}, ["retries"]),
    "the default of retries": ({"retries": 0}, {}, ["retries"]),
    "a rate": (
        {"flow_control": {"key": "crm", "rate": 1}},
        {"flow_control": {"key": "crm", "rate": 2}},
        ["flow_control"],
    ),
    "labels": ({"label": ["eu", "mail"]}, {"label": "eu,sms"}, ["label"]),
    "a redacted body": (
        {"body": "one", "redact": {"body": True}},
        {"body": "two", "redact": {"body": True}},
        ["body"],
    ),
    "a redacted header": (
        {"headers": {"X-Key": "one"}, "redact": {"header": ["X-Key"]}},
        {"headers": {"X-Key": "two"}, "redact": {"header": ["X-Key"]}},
        ["header x-key"],
    ),
    "what is redacted": ({"body": "one", "redact": {"body": True}}, {"body": "one"}, ["label"]),
    "retries of a callback, which QStash does not show": (
        {"callback": DONE, "callback_headers": {"Retries": "1"}},
        {"callback": DONE, "callback_headers": {"Retries": "2"}},
        ["label"],
    ),
    "a destination": ({"destination": URL}, {"destination": f"{URL}?full=1"}, ["destination"]),
    "a URL group": ({"destination": "reports"}, {"destination": "others"}, ["destination"]),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "fields"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_field_by_field(
    account: Account, before: dict[str, Any], after: dict[str, Any], fields: list[str]
) -> None:
    assert changed(account, before, after) == fields


ALIKE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a duration": ({"delay": "90m"}, {"delay": 5400}),
    "no delay": ({"delay": 0}, {}),
    "the order of labels": ({"label": ["b", "a"]}, {"label": "a, b"}),
    "the order of options": ({"headers": {"A": "1", "B": "2"}}, {"headers": {"b": "2", "a": "1"}}),
    "blanks in a header": ({"headers": {"A": " 1 "}}, {"headers": {"A": "1"}}),
    "a header beyond ASCII": ({"headers": {"A": "é"}}, {"headers": {"A": "é"}}),
    "UTF-8 in a header": ({"headers": {"A": "Ã©"}}, {"headers": {"A": "Ã©"}}),
    "the period of a rate": (
        {"flow_control": {"key": "crm", "rate": 3}},
        {"flow_control": {"key": "crm", "rate": 3, "period": "1s"}},
    ),
    "retries as they are by default": ({"retries": 3}, {}),
    "a body that is empty": ({"body": ""}, {}),
    "a redacted body": ({"body": "ä", "redact": {"body": True}}, {"body": "ä", "redact": {"body": True}}),
    "a redacted binary body": (
        {"body": b"\xff", "redact": {"body": True}},
        {"body": b"\xff", "redact": {"body": True}},
    ),
}


@pytest.mark.parametrize(("before", "after"), ALIKE.values(), ids=ALIKE)
def test_what_means_the_same_is_no_change(account: Account, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert changed(account, before, after) == []


def test_a_cron_and_its_zone_are_changes(account: Account) -> None:
    account.sync(daily())
    [change] = account.plan(schedule("daily", "0 8 * * *", destination=URL, tz="Europe/Berlin")).changes
    [difference] = change.differences
    assert (difference.field, difference.held, difference.wanted) == (
        "cron", "0 7 * * *", "CRON_TZ=Europe/Berlin 0 8 * * *",
    )  # fmt: skip


def test_what_somebody_changed_by_hand_is_drift(account: Account) -> None:
    account.sync(daily())
    account.by_hand("shop.prod.daily", label="qstash-integrations", method="PUT", cron="0 8 * * *")
    [change] = account.plan(daily()).drift
    assert (change.action, [one.field for one in change.differences]) == ("change", ["cron", "method"])


def test_a_url_group_keeps_its_own_defaults(account: Account) -> None:
    group = daily(destination="reports")
    [one] = wanted([group], OWNER)
    assert not {"Upstash-Retries", "Upstash-Method"} & {name for name, _ in one.create.headers}
    account.sync(group)
    assert actions(account.plan(group)) == [("unchanged", "daily")]


def test_headers_of_the_client_are_part_of_it(account: Account) -> None:
    added = [("Upstash-Forward-X-Bypass", "1")]
    with_added = wanted([daily()], OWNER, added=added)
    account.sync(daily())
    [change] = check(with_added, account.client.schedule.list(), OWNER)
    assert [one.field for one in change.differences] == ["header x-bypass"]
    account.client.run(with_added[0].create)
    assert check(with_added, account.client.schedule.list(), OWNER) == ()


def test_one_that_was_paused_by_hand_is_kept(account: Account) -> None:
    account.sync(daily())
    account.client.schedule.pause("shop.prod.daily")
    same, other = account.plan(daily()), account.plan(daily(retries=1))
    assert (actions(same), same.drift) == ([("paused", "daily")], ())
    assert actions(other) == [("paused", "daily")]
    assert [one.field for one in other.drift[0].differences] == ["retries"]


def test_orphans_are_ours_and_no_longer_in_the_code(account: Account) -> None:
    account.sync(daily("a"), daily("b"), daily("c"))
    after = account.plan(daily("b"))
    assert actions(after) == [("unchanged", "b"), ("orphaned", "a"), ("orphaned", "c")]
    assert [change.name for change in after.drift] == ["a", "c"]


def test_foreign_ones_are_counted_and_not_named(account: Account) -> None:
    account.by_hand("shop.prod.by-hand")
    account.by_hand("with-our-label", label="qstash-integrations")
    account.sync(daily(), owner=Owner("shop", "prod2"))
    account.sync(daily(), owner=Owner("shop-eu", "prod"))
    before = account.plan(daily())
    assert (actions(before), before.foreign) == ([("create", "daily")], 4)
    assert "by-hand" not in repr(before)


@pytest.mark.parametrize("odd", ["a/b", "a b", "", "\n"])
def test_an_id_that_none_of_ours_can_have_is_foreign(account: Account, odd: str) -> None:
    account.sync(daily())
    (held,) = account.held().values()
    both = [held, replace(held, schedule_id=f"shop.prod.{odd}")]
    made = plan(wanted([daily()], OWNER), both, OWNER)
    assert (actions(made), made.foreign) == ([("unchanged", "daily")], 1)


def test_one_that_somebody_made_with_our_id_is_not_ours(account: Account) -> None:
    account.by_hand("shop.prod.daily", cron="0 1 * * *")
    [change] = account.plan(daily()).drift
    assert (change.action, change.replaces, change.differences) == ("taken", False, ())


def test_a_renamed_one_moves(account: Account) -> None:
    account.sync(daily("old"))
    [change] = account.plan(daily("new", renamed_from="old")).drift
    assert (change.action, change.name, [one.schedule_id for one in change.earlier]) == (
        "move", "new", ["shop.prod.old"],
    )  # fmt: skip


def test_a_renamed_one_moves_from_any_of_its_names(account: Account) -> None:
    account.sync(daily("older"), daily("old"))
    [change] = account.plan(daily("new", renamed_from=["old", "older", "oldest"])).drift
    assert [one.schedule_id for one in change.earlier] == ["shop.prod.old", "shop.prod.older"]


def test_what_was_moved_long_ago_is_unchanged(account: Account) -> None:
    account.sync(daily("new", renamed_from="old"))
    assert actions(account.plan(daily("new", renamed_from="old"))) == [("unchanged", "new")]


def test_nobody_moves_away_from_what_is_not_ours(account: Account) -> None:
    account.by_hand("shop.prod.old")
    assert actions(account.plan(daily("new", renamed_from="old"))) == [("create", "new")]


def test_nothing_secret_shows_in_a_repr(account: Account) -> None:
    account.sync(daily(body="sesame", headers={"Authorization": "Bearer sesame"}))
    before = account.plan(daily(body="sesame2", headers={"Authorization": "Bearer sesame2"}))
    assert before.drift
    assert "sesame" not in repr(before) + repr(before.drift[0].differences) + repr(daily(body="sesame"))


def test_a_redacted_body_is_compared_by_its_hash(account: Account) -> None:
    account.sync(daily(body="sesame", redact={"body": True}))
    hashed = hashlib.sha256(b"sesame").hexdigest()
    assert account.held()["shop.prod.daily"].body == f"REDACTED:{hashed}"
    [change] = account.plan(daily(body="other", redact={"body": True})).changes
    [difference] = change.differences
    assert difference.held == f"REDACTED:{hashed}".encode()


@pytest.mark.parametrize(
    ("schedules", "problem"),
    [
        (
            [daily("a"), daily("a")],
            r"^two schedules have the name 'a'; rename one of them: .*account\.py:\d+ and .*account\.py:\d+$",
        ),
        ([daily("a"), daily("b", renamed_from="a")], r"^schedule 'b' is renamed_from 'a', which is still there"),
        (
            [daily("b", renamed_from="a"), daily("c", renamed_from=("x", "a"))],
            r"^schedule 'c' is renamed_from 'a', which 'b' is renamed from as well",
        ),
    ],
    ids=["one name", "renamed from one that is there", "renamed from one twice"],
)
def test_what_contradicts_itself_is_refused(schedules: list[Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        wanted(schedules, OWNER)


def test_one_that_is_found_twice_is_one() -> None:
    one = daily()
    assert len(wanted([one, one], OWNER)) == 1


HOSTED = "https://qstash.upstash.io"
UNREACHABLE = {
    "http": {"destination": "http://shop.example/report"},
    "loopback": {"destination": "https://127.0.0.1:8000/report"},
    "localhost": {"destination": "https://localhost/report"},
    "a private network": {"destination": "https://10.0.0.3/report"},
    "a container": {"destination": "https://web:8000/report"},
    "callback": {"callback": "http://shop.example/done"},
    "failure_callback": {"failure_callback": "https://localhost/failed"},
}


@pytest.mark.parametrize("options", UNREACHABLE.values(), ids=UNREACHABLE)
def test_what_the_hosted_service_cannot_call_is_refused(options: dict[str, str]) -> None:
    [name] = options
    with pytest.raises(ConfigurationError, match=rf"^{HOSTED} calls https:// .* schedule 'daily': {name} is"):
        wanted([daily(**options)], OWNER, base_url=HOSTED)
    assert wanted([daily(**options)], OWNER, base_url="http://127.0.0.1:8080")


def test_all_that_it_cannot_call_is_told_at_once() -> None:
    unreachable = [daily("a", destination="http://a.example"), daily("b", destination="http://b.example?token=sesame")]
    with pytest.raises(ConfigurationError, match=r"'a'.*'b'") as caught:
        wanted([*unreachable, daily("c", destination="reports")], OWNER, base_url=HOSTED)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(("there", "warned"), [(8, False), (9, True), (10, True), (11, False)])
def test_the_limit_of_the_free_plan_is_warned_of_where_it_is_crossed(there: int, warned: bool) -> None:
    from qstash_integrations.schedules.planning import warnings

    with Account.opened(Limits(schedules=100)) as account:
        for number in range(there):
            account.by_hand(f"other-{number}")
        before = account.plan(daily("a"), daily("b"))
    assert warnings(before) == (
        [f"{there + 2} schedules are more than the 10 of the free plan; QStash may refuse some"] if warned else []
    )


def test_the_wire_format_is_that_of_the_client() -> None:
    """What is compared is what ``client.schedule.create`` would send."""
    [one] = wanted([daily(body={"region": "eu"}, label="mail")], OWNER)
    by_client = operations.create(
        {
            "destination": URL,
            "cron": "0 7 * * *",
            "schedule_id": "shop.prod.daily",
            "body": {"region": "eu"},
            "label": "qstash-integrations,mail",
            "method": "POST",
            "retries": 3,
        }
    )
    assert (one.create.path, one.create.body) == (
        by_client.path,
        json.dumps({"region": "eu"}, separators=(",", ":")).encode(),
    )
    assert set(one.create.headers) == set(by_client.headers)


def test_plan_needs_nothing_but_values() -> None:
    assert actions(plan(wanted([daily()], OWNER), [], OWNER)) == [("create", "daily")]


def test_every_option_has_a_case() -> None:
    assert set(OF_SCHEDULES) <= set(CASES)
    assert set(WITH) == set(BESIDE)
