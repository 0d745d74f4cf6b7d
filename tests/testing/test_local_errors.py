"""What fails a test: messages that nobody can ever get, bugs if asked for, and the wrong kind of method."""

import logging
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from qstash_integrations import NonRetryable, Receiver, RetryAfter
from qstash_integrations.testing import LocalQStash, NotServed, Refused
from tests.signing import CURRENT, NEXT, ORIGIN
from tests.testing.shop import FRAMEWORKS, HOOK, Shop


def test_a_url_of_somebody_else_is_an_error_that_names_it() -> None:
    shop = Shop()
    with LocalQStash(shop.app) as local:
        shop.publish(1, "https://partner.example/hook")
        with pytest.raises(NotServed) as failure:
            local.run_until_idle()
    assert str(failure.value) == (
        "https://partner.example/hook was published to, and no app serves it: the one under test is at "
        "https://testserver. Set QSTASH_PUBLIC_URL (or public_url=) to the app's own URL, or mount another app: "
        ".mount(base, app)"
    )


@pytest.mark.parametrize("url", ["https://testserver.evil.example/hook", "http://testserver/hook", f"{HOOK}er"])
def test_a_url_that_only_looks_like_the_apps_is_none(url: str) -> None:
    shop = Shop()
    with LocalQStash(shop.app, public_url=HOOK) as local:
        shop.publish(1, url)
        with pytest.raises(NotServed):
            local.deliver_due()


@pytest.mark.parametrize("status", [404, 405, 307])
def test_a_path_that_the_app_does_not_serve_is_one_too(status: int) -> None:
    shop = Shop()
    shop.handler = lambda order: status
    with LocalQStash(shop.app) as local:
        shop.publish(1)
        with pytest.raises(NotServed, match=f"{HOOK} was published to, and the app answered POST with {status}"):
            local.run_until_idle()


def test_a_router_without_such_a_route_is_where_this_happens() -> None:
    shop = Shop()
    with LocalQStash(Starlette()) as local:
        shop.publish(1)
        with pytest.raises(NotServed, match="answered POST with 404"):
            local.deliver_due()


def test_an_app_may_mean_its_404() -> None:
    shop = Shop()
    shop.handler = lambda order: 404
    with LocalQStash(shop.app, strict=False) as local:
        shop.publish(1, retries=1)
        shop.publish(2, "https://partner.example/hook", retries=0)
        attempts = local.run_until_idle()
        assert sorted(attempt.status for attempt in attempts) == [0, 404, 404]
        assert [letter.error for letter in local.dead_letters] == ["nothing serves this URL in this test", ""]


def test_an_app_that_takes_a_genuine_message_for_a_forged_one_is_told_where_to_look() -> None:
    shop = Shop(receiver=Receiver(CURRENT, NEXT), public_url=ORIGIN)
    with LocalQStash(shop.app, public_url=ORIGIN) as local:
        shop.publish(1, f"{ORIGIN}/hook")
        with pytest.raises(Refused, match=f"refused a genuine delivery to {ORIGIN}/hook; its log record"):
            local.deliver_due()


def test_one_with_a_receiver_of_its_own_needs_its_keys() -> None:
    shop = Shop(receiver=Receiver(CURRENT, NEXT), public_url=ORIGIN)
    with LocalQStash(shop.app, public_url=ORIGIN, current_signing_key=CURRENT, next_signing_key=NEXT) as local:
        shop.publish(1, f"{ORIGIN}/hook")
        local.deliver_due()
    assert shop.orders == [1]


def broken(order: Any) -> int | None:
    raise ZeroDivisionError("of all things")


def shop_in(framework: str) -> Shop:
    shop = Shop(framework)
    if framework.startswith("flask"):
        shop.app.testing = False  # as in production, where Flask makes an answer of it
    return shop


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_a_handler_raises_is_a_500_to_qstash_and_a_log_record(
    framework: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop = shop_in(framework)
    shop.handler = broken
    with LocalQStash(shop.app) as local:
        shop.publish(1, retries=1)
        attempts = local.run_until_idle()
        assert [(attempt.status, repr(attempt.error)) for attempt in attempts] == [
            (500, "ZeroDivisionError('of all things')")
        ] * 2
        assert [letter.status for letter in local.dead_letters] == [500]
    ours = [record for record in caplog.records if record.name == "qstash_integrations"]
    assert [(record.levelno, record.getMessage()) for record in ours] == [
        (logging.ERROR, f"the handler of {HOOK} failed")
    ] * 2


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_it_is_raised_in_the_test_if_asked_for(framework: str) -> None:
    shop = shop_in(framework)
    shop.handler = broken
    with LocalQStash(shop.app, raise_errors=True) as local:
        shop.publish(1, retries=1)
        with pytest.raises(ZeroDivisionError, match="of all things"):
            local.run_until_idle()
        with pytest.raises(ZeroDivisionError, match="of all things"):
            local.run_until_idle()
        assert local.run_until_idle() == []
        assert [attempt.retried for attempt in local.attempts] == [0, 1]
        assert len(local.dead_letters) == 1


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_it_is_raised_in_async_tests_too(framework: str) -> None:
    shop = shop_in(framework)
    shop.handler = broken

    async def test() -> None:
        with LocalQStash(shop.app, raise_errors=True) as local:
            shop.publish(1)
            with pytest.raises(ZeroDivisionError, match="of all things"):
                await local.arun_until_idle()

    anyio.run(test)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_steers_qstash_is_no_error(framework: str) -> None:
    shop = shop_in(framework)

    def steer(order: Any) -> int | None:
        if order == "hopeless":
            raise NonRetryable("no such order")
        if not shop.deliveries[-1].retried:
            raise RetryAfter(3600)
        return None

    shop.handler = steer
    with LocalQStash(shop.app, raise_errors=True) as local:
        shop.publish("hopeless")
        shop.publish("later")
        attempts = local.run_until_idle()
        assert [attempt.status for attempt in attempts] == [489, 503, 200]
        assert (attempts[2].at - attempts[1].at).total_seconds() == 3600
        assert [letter.json() for letter in local.dead_letters] == ["hopeless"]


def test_the_messages_behind_a_bug_are_not_lost() -> None:
    shop = Shop()
    shop.handler = lambda order: broken(order) if order == 2 else None
    with LocalQStash(shop.app, raise_errors=True) as local:
        local.reorder()
        for order in (1, 2, 3):
            shop.publish(order, retries=0)
        with pytest.raises(ZeroDivisionError):
            local.deliver_due()
        local.deliver_due()
    assert shop.orders == [3, 2, 1]


def test_what_stops_the_test_itself_leaves_the_message_as_failed() -> None:
    shop = Shop("django-wsgi")
    shop.handler = lambda order: pytest.fail("an assertion in the handler") if shop.orders == [1] else None
    with LocalQStash(shop.app) as local:
        shop.publish(1)
        with pytest.raises(pytest.fail.Exception, match="an assertion in the handler"):
            local.deliver_due()
        assert [attempt.retried for attempt in local.run_until_idle()] == [1]


@pytest.mark.parametrize("verb", ["deliver_due", "advance", "run_until_idle"])
def test_plain_methods_say_so_in_async_code(verb: str) -> None:
    async def test() -> None:
        with (
            LocalQStash(Shop().app) as local,
            pytest.raises(RuntimeError, match="use the method that starts with an a, and await it"),
        ):
            getattr(local, verb)()

    anyio.run(test)


async def silent_asgi(scope: Any, receive: Any, send: Any) -> None:
    await receive()


def silent_wsgi(environ: Any, start_response: Any) -> list[bytes]:
    return []


@pytest.mark.parametrize("app", [silent_asgi, silent_wsgi])
def test_an_app_without_an_answer_is_a_bug(app: Any) -> None:
    with LocalQStash(app, raise_errors=True) as local:
        Shop().publish(1)
        with pytest.raises(RuntimeError, match="the app returned without"):
            local.deliver_due()


def test_it_works_inside_of_its_block_only() -> None:
    shop = Shop()
    local = LocalQStash(shop.app)
    with pytest.raises(RuntimeError, match="inside of its with block only"):
        local.deliver_due()
    with local:
        shop.publish(1)
        local.deliver_due()
    with pytest.raises(RuntimeError, match="inside of its with block only"):
        local.dead_letters  # noqa: B018 - a property
    assert [attempt.json() for attempt in local.attempts] == [1]
