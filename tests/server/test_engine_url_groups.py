"""URL groups: endpoints in their order, fan-out at publish, default headers."""

import pytest

from qstash_integrations.server.model import Endpoint, Limits, Publication, Refused
from tests.server.driver import NOW, Driver, headers, publication

A = Endpoint(url="https://a.example", name="a")
B = Endpoint(url="https://b.example")
C = Endpoint(url="https://c.example", name="c")


def test_a_group_keeps_the_order_of_its_endpoints(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("both", [B, A])
    driver.advance(1)
    driver.engine.url_groups.add_endpoints("both", [C])

    group = driver.engine.url_groups.get("both")

    assert group.endpoints == (B, A, C)
    assert (group.created_at, group.updated_at) == (NOW, NOW + 1)
    assert driver.engine.url_groups.all() == [group]


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (Endpoint(url="https://a.example", name="new"), (Endpoint(url="https://a.example", name="new"), B)),
        (Endpoint(url="https://new.example", name="a"), (Endpoint(url="https://new.example", name="a"), B)),
        (Endpoint(url="https://b.example", name="a"), (Endpoint(url="https://b.example", name="a"),)),
        (Endpoint(url="https://new.example"), (A, B, Endpoint(url="https://new.example"))),
        (A, (A, B)),
    ],
    ids=["same url", "same name", "url of one, name of another", "new", "unchanged"],
)
def test_an_endpoint_with_a_known_url_or_name_takes_its_place(
    driver: Driver, added: Endpoint, expected: tuple[Endpoint, ...]
) -> None:
    driver.engine.url_groups.add_endpoints("both", [A, B])
    driver.engine.url_groups.add_endpoints("both", [added])
    assert driver.engine.url_groups.get("both").endpoints == expected


def test_endpoints_are_removed_by_url_or_by_name(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("three", [A, B, C])
    driver.engine.url_groups.remove_endpoints("three", [Endpoint(url="https://b.example"), Endpoint(url="", name="c")])
    assert driver.engine.url_groups.get("three").endpoints == (A,)


def test_a_url_that_is_given_decides_and_not_the_name_beside_it(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("three", [A, B, C])
    driver.engine.url_groups.remove_endpoints("three", [Endpoint(url="https://b.example", name="c")])
    assert driver.engine.url_groups.get("three").endpoints == (A, C)


def test_the_group_goes_with_its_last_endpoint(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("both", [A])
    driver.engine.url_groups.remove_endpoints("both", [A])

    with pytest.raises(Refused) as refusal:
        driver.engine.url_groups.get("both")
    assert (refusal.value.status, refusal.value.text) == (404, "topic both not found")


def test_an_unknown_group_has_nothing_to_change(driver: Driver) -> None:
    with pytest.raises(Refused, match="topic both not found"):
        driver.engine.url_groups.remove_endpoints("both", [A])
    with pytest.raises(Refused, match="topic both not found"):
        driver.engine.url_groups.set_headers("both", headers(retries="1"))


def test_deleting_an_unknown_group_is_no_mistake(driver: Driver) -> None:
    driver.engine.url_groups.delete("both")


@pytest.mark.parametrize(
    ("name", "endpoints"),
    [
        ("with space", [A]),
        ("", [A]),
        ("both", []),
        ("both", [Endpoint(url="")]),
        ("both", [Endpoint(url="a.example")]),
        ("both", [Endpoint(url="https://a.example", name="x" * 257)]),
        ("both", [Endpoint(url="https://a.example", name="line\nbreak")]),
        ("both", [A, Endpoint(url="ftp://b.example")]),
    ],
    ids=["name", "no name", "no endpoints", "no url", "no scheme", "long name", "control character", "second is bad"],
)
def test_bad_endpoints_are_refused_as_a_whole(driver: Driver, name: str, endpoints: list[Endpoint]) -> None:
    with pytest.raises(Refused) as refusal:
        driver.engine.url_groups.add_endpoints(name, endpoints)
    assert refusal.value.status == 400
    assert driver.engine.url_groups.all() == []


def test_groups_and_endpoints_are_limited_in_number() -> None:
    driver = Driver(limits=Limits(url_groups=1, endpoints=2))
    driver.engine.url_groups.add_endpoints("both", [A, B])
    for name, endpoint in (("both", C), ("other", A)):
        with pytest.raises(Refused) as refusal:
            driver.engine.url_groups.add_endpoints(name, [endpoint])
        assert refusal.value.status == 412
    driver.engine.close()


def test_publishing_fans_out_in_the_order_of_the_endpoints(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("both", [A, B])

    published = driver.engine.publishing.publish(publication("both", b"hi"))

    assert published.grouped
    assert [receipt.url for receipt in published.each] == ["https://a.example", "https://b.example"]
    first, second = driver.claim()
    assert [first.id, second.id] == [receipt.message_id for receipt in published.each]
    assert (first.topic, first.endpoint) == ("both", "a")
    assert (second.topic, second.endpoint) == ("both", None)
    assert first.body == second.body == b"hi"


def test_the_messages_of_a_group_are_independent(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("both", [A, B])
    first, second = driver.engine.publishing.publish(publication("both")).each
    driver.engine.url_groups.delete("both")
    messages = driver.claim()
    driver.answer(messages[0], 200)
    driver.answer(messages[1], 500)

    assert driver.states(first.message_id)[-1] == "DELIVERED"
    assert driver.states(second.message_id)[-1] == "RETRY"


def test_a_group_of_one_is_still_a_group(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("one", [A])
    assert driver.engine.publishing.publish(publication("one")).grouped


def test_all_messages_of_a_group_go_through_the_queue(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("both", [A, B])
    driver.engine.publishing.publish(publication("both", queue="mail"))

    assert [message.url for message in driver.deliver()] == ["https://a.example"]
    assert [message.url for message in driver.deliver()] == ["https://b.example"]


def test_default_headers_stand_unless_the_request_has_its_own(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("one", [A])
    driver.engine.url_groups.set_headers("one", headers(retries="2", label="group", forward_x_group="1"))

    driver.engine.publishing.publish(publication("one", label="request"))

    (message,) = driver.claim()
    assert (message.options.retries, message.options.labels) == (2, ("request",))
    assert message.options.headers == (("X-Group", "1"),)
    assert driver.engine.url_groups.get("one").endpoints == (A,)


def test_a_group_may_pass_on_the_headers_of_what_comes_in(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("one", [A])
    driver.engine.url_groups.set_headers("one", headers(header_forward="true"))
    webhook = Publication(destination="one", headers=(("X-Webhook", "1"), ("Authorization", "Bearer theirs")))

    driver.engine.publishing.publish(webhook)

    (message,) = driver.claim()
    assert message.options.headers == (("X-Webhook", "1"),)


def test_bad_default_headers_are_refused(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints("one", [A])
    with pytest.raises(Refused):
        driver.engine.url_groups.set_headers("one", headers(retries="many"))
    assert driver.engine.url_groups.get("one").headers == ()
