"""``sync``: what it changes, what it never touches, and what is left when it dies in the middle."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from qstash_integrations import APIError, AsyncQStash, ConfigurationError, TransportError
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, Lost
from qstash_integrations.schedules import Owner, plan, sync, wanted
from qstash_integrations.server.model import Limits
from tests.schedules.account import LABELLED, OWNER, TOKEN, URL, Account, actions, daily, ids


def test_it_creates_and_is_idempotent(account: Account) -> None:
    first = account.sync(daily("a", body={"id": 3}), daily("b"))
    assert (ids(first.applied), first.problems) == (["shop.prod.a", "shop.prod.b"], {})
    assert account.calls == ["POST shop.prod.a", "POST shop.prod.b"]
    held = account.held()
    assert (held["shop.prod.a"].body, held["shop.prod.a"].labels) == ('{"id":3}', ("qstash-integrations",))
    again = account.sync(daily("a", body={"id": 3}), daily("b"))
    assert (again.applied, again.problems, account.calls) == ((), {}, [])


def test_it_changes_in_place(account: Account) -> None:
    account.sync(daily(body="one"), daily("other"))
    created_at = account.held()["shop.prod.daily"].created_at
    account.sync(daily(), daily("other"))
    assert account.calls == ["POST shop.prod.daily"]
    held = account.held()["shop.prod.daily"]
    assert (held.body, held.created_at) == (None, created_at)


def test_it_works_with_the_other_client(account: Account) -> None:
    async def run() -> list[str]:
        async with AsyncQStash(TOKEN, base_url="http://127.0.0.1:8080") as client:
            held = await client.schedule.list()
            synced = await sync(client, plan(wanted([daily()], OWNER), held, OWNER))
            assert synced.problems == {}
            return ids(synced.applied)

    assert asyncio.run(run()) == ["shop.prod.daily"]
    assert actions(account.plan(daily())) == [("unchanged", "daily")]


def test_each_change_is_told_when_it_is_made(account: Account) -> None:
    told: list[tuple[str, list[str]]] = []
    sync(
        account.client,
        account.plan(daily("a"), daily("b")),
        tell=lambda change: told.append((change.name, [*account.calls])),
    )
    assert told == [
        ("a", ["POST shop.prod.a"]),
        ("b", ["POST shop.prod.a", "POST shop.prod.b"]),
    ]  # fmt: skip


# What is none of our business, beside shop.prod.daily.
NEIGHBOURS = {
    "another app": Owner("blog", "prod"),
    "another environment": Owner("shop", "staging"),
    "an app whose name begins with ours": Owner("shop-eu", "prod"),
    "an app whose name ours begins with": Owner("sho", "prod"),
    "an environment whose name begins with ours": Owner("shop", "prod2"),
    "an environment whose name ours begins with": Owner("shop", "pro"),
    "an environment of our app's name": Owner("prod", "shop"),
}


@pytest.mark.sampled("name")
@pytest.mark.parametrize("neighbour", NEIGHBOURS.values(), ids=NEIGHBOURS)
@pytest.mark.parametrize("name", ["daily", "orphan", "prod.daily"])
def test_the_schedules_of_others_are_never_touched(account: Account, neighbour: Owner, name: str) -> None:
    account.sync(daily(name, body="theirs"), owner=neighbour)
    theirs = account.held()
    account.sync(daily(), daily("a"), daily("b"), daily("orphan"))
    synced = account.sync(daily(retries=1), daily("a"), daily("b"), prune=True)
    assert ids(synced.applied) == ["shop.prod.daily", "shop.prod.orphan"]
    assert {one: account.held()[one] for one in theirs} == theirs
    assert synced.plan.foreign == 1
    # And the other way round.
    ours = {key: one for key, one in account.held().items() if key not in theirs}
    account.sync(daily("x"), daily(name, body="changed"), owner=neighbour, prune=True)
    assert {one: account.held()[one] for one in ours} == ours


HAND_MADE = {
    "our id without the label": ("shop.prod.orphan", {}),
    "our id with another label": ("shop.prod.orphan", {"label": "qstash-integrations2,mail"}),
    "the label without our id": ("orphan", LABELLED),
    "the label and an id that only begins like ours": ("shop.production", LABELLED),
    "the label and our id without a name": ("shop.prod", LABELLED),
    "the label and our id in other letters": ("Shop.prod.orphan", LABELLED),
}


@pytest.mark.parametrize(("schedule_id", "options"), HAND_MADE.values(), ids=HAND_MADE)
def test_what_was_made_by_hand_is_never_pruned(account: Account, schedule_id: str, options: dict[str, Any]) -> None:
    account.by_hand(schedule_id, **options)
    by_hand = account.held()[schedule_id]
    account.sync(daily("a"), daily("b"))
    synced = account.sync(daily("a"), prune=True)
    assert ids(synced.applied) == ["shop.prod.b"]
    assert account.held()[schedule_id] == by_hand


def test_what_was_made_by_hand_with_our_id_is_never_replaced(account: Account) -> None:
    account.by_hand("shop.prod.daily", body="by hand")
    synced = account.sync(daily(body="ours"), daily("other"))
    assert ids(synced.applied) == ["shop.prod.other"]
    assert list(synced.problems) == ["daily"]
    assert "without the label qstash-integrations" in synced.problems["daily"]
    assert account.held()["shop.prod.daily"].body == "by hand"
    account.by_hand("shop.prod.daily", body="by hand", **LABELLED)
    assert account.sync(daily(body="ours"), daily("other")).problems == {}
    assert account.held()["shop.prod.daily"].body == "ours"


def test_a_paused_one_is_never_replaced(account: Account) -> None:
    account.sync(daily(body="one"))
    account.client.schedule.pause("shop.prod.daily")
    synced = account.sync(daily(body="two"))
    assert (synced.applied, account.calls) == ((), [])
    held = account.held()["shop.prod.daily"]
    assert (held.paused, held.body) == (True, "one")
    account.client.schedule.resume("shop.prod.daily")
    account.sync(daily(body="two"))
    assert account.held()["shop.prod.daily"].body == "two"


def before_call(account: Account, method: str, act: Callable[[], object]) -> None:
    """Do something just before the next call of this kind."""

    def interfere(request: APIRequest) -> None:
        if request.method == method:
            account.interfere = lambda request: None
            act()

    account.interfere = interfere


def test_one_that_is_paused_after_the_plan_was_made_is_not_replaced(account: Account) -> None:
    account.sync(daily(body="one"))
    before = account.plan(daily(body="two"))
    before_call(account, "GET", lambda: account.client.schedule.pause("shop.prod.daily"))
    synced = sync(account.client, before)
    assert synced.applied == ()
    assert synced.problems == {"daily": "somebody has paused it meanwhile, so it stays as it is"}
    assert (account.held()["shop.prod.daily"].paused, account.held()["shop.prod.daily"].body) == (True, "one")


def test_one_that_is_taken_over_after_the_plan_was_made_is_not_replaced(account: Account) -> None:
    account.sync(daily(body="one"))
    before = account.plan(daily(body="two"))
    account.by_hand("shop.prod.daily", body="by hand")
    assert list(sync(account.client, before).problems) == ["daily"]
    assert account.held()["shop.prod.daily"].body == "by hand"


def test_one_that_is_deleted_after_the_plan_was_made_is_made_anew(account: Account) -> None:
    account.sync(daily(body="one"))
    before = account.plan(daily(body="two"))
    account.client.schedule.delete("shop.prod.daily")
    assert sync(account.client, before).problems == {}
    assert account.held()["shop.prod.daily"].body == "two"


def test_an_orphan_that_somebody_else_has_just_changed_stays(account: Account) -> None:
    account.sync(daily("a"), daily("b"), daily("orphan"))
    before = account.plan(daily("a"), daily("b"))
    account.by_hand("shop.prod.orphan", body="newer", **LABELLED)
    synced = sync(account.client, before, prune=True)
    assert synced.problems == {"orphan": "somebody has changed shop.prod.orphan meanwhile, so it stays"}
    assert account.held()["shop.prod.orphan"].body == "newer"


def test_an_orphan_that_is_gone_already_is_gone(account: Account) -> None:
    account.sync(daily("a"), daily("b"), daily("orphan"))
    before = account.plan(daily("a"), daily("b"))
    before_call(account, "DELETE", lambda: account.client.schedule.delete("shop.prod.orphan"))
    assert sync(account.client, before, prune=True).problems == {}
    assert sorted(account.held()) == ["shop.prod.a", "shop.prod.b"]


def test_a_service_that_does_not_know_what_it_has_just_deleted(account: Account) -> None:
    account.sync(daily("a"), daily("b"), daily("orphan"))
    before = account.plan(daily("a"), daily("b"))

    def gone(request: APIRequest) -> APIResponse | None:
        if request.method != "DELETE":
            return None
        account.engine.schedules.delete("shop.prod.orphan")
        return APIResponse(404, b'{"error":"not found"}')

    account.interfere = gone
    assert sync(account.client, before, prune=True).problems == {}


def test_orphans_stay_where_nobody_asked_for_pruning(account: Account) -> None:
    account.sync(daily("a"), daily("b"), daily("c"))
    assert account.sync(daily("a"), daily("b")).applied == ()
    assert len(account.held()) == 3


def test_orphans_go_when_they_are_pruned(account: Account) -> None:
    account.sync(daily("a"), daily("b"), daily("c"), daily("d"))
    synced = account.sync(daily("a"), daily("b"), prune=True)
    assert account.calls == ["DELETE shop.prod.c", "DELETE shop.prod.d"]
    assert (ids(synced.applied), synced.problems) == (["shop.prod.c", "shop.prod.d"], {})
    assert sorted(account.held()) == ["shop.prod.a", "shop.prod.b"]


def test_nothing_found_in_the_code_prunes_nothing(account: Account) -> None:
    account.sync(daily("a"))
    with pytest.raises(ConfigurationError, match=r"^no schedule was found in the code, .*: shop\.prod\.a\. "):
        account.sync(prune=True)
    assert (list(account.held()), account.calls) == (["shop.prod.a"], [])


@pytest.mark.parametrize(("orphans", "kept", "refused"), [(1, 1, False), (2, 1, True), (5, 5, False), (5, 4, True)])
def test_more_than_half_are_never_pruned(account: Account, orphans: int, kept: int, refused: bool) -> None:
    stay = [daily(f"stay-{number}") for number in range(kept)]
    account.sync(*stay, *(daily(f"go-{number}") for number in range(orphans)))
    new = [daily(f"new-{number}") for number in range(9)]  # they do not count
    if refused:
        with pytest.raises(ConfigurationError, match=rf"^{orphans} of {orphans + kept} schedules are no longer"):
            account.sync(*stay, *new, prune=True)
        assert (len(account.held()), account.calls) == (orphans + kept, [])
    else:
        account.sync(*stay, *new, prune=True)
        assert len(account.held()) == kept + 9


def test_a_renamed_one_moves(account: Account) -> None:
    account.sync(daily("old", body="x"))
    synced = account.sync(daily("new", body="x", renamed_from="old"))
    assert account.calls == ["POST shop.prod.new", "DELETE shop.prod.old"]
    assert (ids(synced.applied), synced.problems, list(account.held())) == (
        ["shop.prod.new"], {}, ["shop.prod.new"],
    )  # fmt: skip


def test_a_pause_moves_along(account: Account) -> None:
    account.sync(daily("old"))
    account.client.schedule.pause("shop.prod.old")
    account.sync(daily("new", renamed_from="old"))
    assert account.calls == ["POST shop.prod.new", "PATCH shop.prod.new/pause", "DELETE shop.prod.old"]
    assert [(one.schedule_id, one.paused) for one in account.held().values()] == [("shop.prod.new", True)]


def test_where_all_are_renamed_none_is_pruned(account: Account) -> None:
    account.sync(daily("a"), daily("b"))
    synced = account.sync(daily("c", renamed_from="a"), daily("d", renamed_from="b"), prune=True)
    assert (synced.problems, sorted(account.held())) == ({}, ["shop.prod.c", "shop.prod.d"])


def test_one_that_was_refused_does_not_keep_the_others(account: Account) -> None:
    refused = APIResponse(400, b'{"error":"invalid cron"}')
    account.interfere = lambda request: refused if ("Upstash-Schedule-Id", "shop.prod.a") in request.headers else None
    synced = account.sync(daily("a"), daily("b"))
    assert (ids(synced.applied), synced.problems) == (["shop.prod.b"], {"a": "QStash answered 400: invalid cron"})


def test_nothing_is_pruned_where_something_was_refused(account: Account) -> None:
    account.sync(daily("a"), daily("b"), daily("orphan"))
    refused = APIResponse(400, b'{"error":"invalid cron"}')
    account.interfere = lambda request: refused if ("Upstash-Schedule-Id", "shop.prod.c") in request.headers else None
    account.sync(daily("a"), daily("b"), daily("c"), prune=True)
    assert "shop.prod.orphan" in account.held()


def test_orphans_make_room_at_the_limit_of_the_plan() -> None:
    with Account.opened(Limits(schedules=4)) as account:
        account.sync(daily("a"), daily("b"), daily("c"), daily("d"))
        crowded = account.sync(daily("a"), daily("b"), daily("c"), daily("e"))
        assert "quota maxSchedules exceeded" in crowded.problems["e"]
        pruned = account.sync(daily("a"), daily("b"), daily("c"), daily("e"), prune=True)
        assert (ids(pruned.applied), pruned.problems) == (["shop.prod.d", "shop.prod.e"], {})
        assert sorted(account.held()) == [f"shop.prod.{name}" for name in "abce"]


def test_a_refusal_of_the_account_ends_the_run(account: Account) -> None:
    account.interfere = lambda request: APIResponse(403, b'{"error":"read-only"}') if request.method == "POST" else None
    with pytest.raises(APIError, match=r"^QStash answered 403: read-only$"):
        account.sync(daily("a"), daily("b"))
    assert account.calls == ["POST shop.prod.a"]


def test_what_does_not_stay_as_it_was_sent_is_told(account: Account) -> None:
    """Somebody else's run, of other code, is as quick."""
    before = account.plan(daily("a"), daily("b"))

    def undo() -> None:
        account.client.schedule.delete("shop.prod.a")
        account.by_hand("shop.prod.b", body="other", **LABELLED)

    before_call(account, "GET", undo)
    synced = sync(account.client, before)
    assert synced.problems["a"] == "it is not there after it was made; somebody may have deleted it"
    assert synced.problems["b"].startswith("QStash holds it otherwise than it was sent (body)")


def test_two_runs_at_once_leave_what_the_code_says() -> None:
    code = [daily("change", body="two"), daily("new", renamed_from="old"), daily("a"), daily("b"), daily("create")]
    for count in range(9):
        with Account.opened() as account:
            account.sync(daily("change", body="one"), daily("old"), daily("orphan"), daily("a"), daily("b"))
            first, second = account.plan(*code), account.plan(*code)
            calls = 0

            def other_run(request: APIRequest) -> None:
                nonlocal calls
                calls += 1
                if calls == count + 1:  # noqa: B023 - called in this turn of the loop
                    assert sync(account.client, second, prune=True).problems == {}  # noqa: B023

            account.interfere = other_run
            synced = sync(account.client, first, prune=True)
            assert synced.problems == {}
            assert calls > count
            assert account.plan(*code).drift == ()
            assert len(account.held()) == 5


# Everything that there is to do, and two neighbours whose ids are much like ours.
BEFORE = [daily("change", body="one"), daily("old"), daily("orphan"), daily("paused"), daily("a"), daily("b")]
CODE = [
    daily("change", body="two"),
    daily("new", renamed_from="old"),
    daily("paused", body="two"),
    daily("a"),
    daily("b"),
    daily("create"),
]
DONE = [f"shop.prod.{name}" for name in ("a", "b", "change", "create", "new", "paused")]


def furnished(account: Account) -> dict[str, Any]:
    """What has to stay."""
    account.sync(*BEFORE)
    account.client.schedule.pause("shop.prod.paused")
    account.client.schedule.pause("shop.prod.old")
    account.sync(daily("orphan"), owner=Owner("shop", "prod2"))
    account.by_hand("shop.prod.by-hand")
    return {one: account.held()[one] for one in ("shop.prod2.orphan", "shop.prod.by-hand", "shop.prod.paused")}


def failing_at(account: Account, number: int, answered: str) -> None:
    """The call of this number fails, before or after it was carried out."""
    seen = 0
    lost = Lost("connection reset")

    def interfere(request: APIRequest) -> APIResponse | Lost | None:
        nonlocal seen
        seen += 1
        if seen != number:
            return None
        if answered == "lost after":
            account.carry_out(request)
        return APIResponse(500, b"out of order") if answered == "500" else lost

    account.interfere = interfere


@pytest.mark.parametrize("answered", ["lost before", "lost after", "500"])
def test_a_run_that_dies_anywhere_is_completed_by_the_next(answered: str) -> None:
    number = 0
    died = True
    while died:
        number += 1
        with Account.opened() as account:
            stays = furnished(account)
            failing_at(account, number, answered)
            try:
                account.sync(*CODE, prune=True)
                died = False
            except (APIError, TransportError):
                died = True
            account.interfere = lambda request: None
            held = account.held()
            assert {one: held[one] for one in stays} == stays
            # Nothing that the code still wants was away for a moment.
            assert {"shop.prod.a", "shop.prod.b", "shop.prod.change", "shop.prod.paused"} <= set(held)
            assert {"shop.prod.old", "shop.prod.new"} & set(held)
            assert account.sync(*CODE, prune=True).problems == {}
            held = account.held()
            assert sorted(set(held) - {"shop.prod2.orphan", "shop.prod.by-hand"}) == DONE
            assert {one: held[one] for one in stays} == stays
            assert (held["shop.prod.change"].body, held["shop.prod.new"].paused) == ("two", True)
            assert [change.name for change in account.plan(*CODE).drift] == ["paused"]
    assert number == 12  # two that read all, nine that do the work, and a run that lives


def test_the_destination_of_a_schedule_is_never_asked(account: Account) -> None:
    """Nothing but the API is called."""
    urls: list[str] = []

    def note(request: APIRequest) -> None:
        urls.append(request.url)

    account.interfere = note
    account.sync(daily())
    assert all(url.startswith("http://127.0.0.1:8080/v2/schedules") for url in urls)
    assert urls.count(f"http://127.0.0.1:8080/v2/schedules/{URL}") == 1
