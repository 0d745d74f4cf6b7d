"""Filters, counts and orders as the query spells them."""

import pytest

from qstash_integrations.server.api.api_call import Parameters
from qstash_integrations.server.api.filters import (
    DEAD_LETTERS,
    EVENTS,
    MESSAGES,
    check_known,
    count_of,
    earliest_first,
    filter_of,
    from_json,
    value_of,
)
from qstash_integrations.server.model import Filter, Refused


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ((), Filter()),
        ((("label", "a"),), Filter(labels=("a",))),
        ((("label", "a,b"), ("label", " c ,")), Filter(labels=("a", "b", "c"))),
        ((("url", "https://a.example/?x=1,2"), ("url", "https://b.example")),
         Filter(urls=("https://a.example/?x=1,2", "https://b.example"))),
        ((("messageId", "m1"), ("messageIds", "m2,m3")), Filter(message_ids=("m1", "m2", "m3"))),
        ((("callerIp", "1.1.1.1"), ("callerIP", "2.2.2.2")), Filter(caller_ips=("1.1.1.1", "2.2.2.2"))),
        ((("responseStatus", "404,500"), ("responseStatus", "0")), Filter(statuses=(404, 500, 0))),
        ((("fromDate", "1767225900123"), ("toDate", "1767225900124")),
         Filter(from_at=1767225900.123, to_at=1767225900.124)),
        ((("topicName", "t"), ("queueName", "q"), ("scheduleId", "s"), ("flowControlKey", "f"), ("host", "h"),
          ("path", "/p,q")),
         Filter(topics=("t",), queues=("q",), schedules=("s",), flow_keys=("f",), hosts=("h",), paths=("/p,q",))),
        ((("state", "ERROR"), ("count", "5"), ("cursor", "1-1"), ("anything", "x")), Filter(states=("ERROR",))),
    ],
)  # fmt: skip
def test_a_filter_is_read(parameters: Parameters, wanted: Filter) -> None:
    assert filter_of(parameters, MESSAGES | DEAD_LETTERS | EVENTS) == wanted


def test_an_id_that_is_none_finds_nothing_rather_than_everything() -> None:
    wanted = filter_of((("dlqIds", "1767225999123-4,nonsense,7"),), DEAD_LETTERS)
    assert wanted == Filter(dlq_ids=("1767225999123-4", "nonsense", "7"))


@pytest.mark.parametrize("name", ["label", "url", "messageIds", "dlqIds", "responseStatus"])
@pytest.mark.parametrize("value", ["", " ", ","])
def test_an_empty_filter_is_refused_rather_than_taken_for_none(name: str, value: str) -> None:
    if (name, value) == ("url", ","):
        value = "  "
    with pytest.raises(Refused) as refused:
        filter_of(((name, value),), MESSAGES | DEAD_LETTERS)
    assert (refused.value.status, refused.value.text) == (400, f"invalid {name}: it is empty")


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ((("fromDate", "yesterday"),), "invalid fromDate 'yesterday': it must be a whole number"),
        ((("toDate", "9" * 5000),), f"invalid toDate '{'9' * 40}': it must be a whole number"),
        ((("responseStatus", "4xx"),), "invalid responseStatus '4xx': it must be a whole number"),
        ((("fromDate", "\uff11"),), "invalid fromDate '\uff11': it must be a whole number"),
    ],
    ids=range(4),
)
def test_what_is_no_number_is_refused(parameters: Parameters, text: str) -> None:
    with pytest.raises(Refused, match="whole number") as refused:
        filter_of(parameters, DEAD_LETTERS)
    assert refused.value.text == text


def test_a_misspelled_filter_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        check_known((("label", "a"), ("labeel", "b")), DEAD_LETTERS)
    assert (refused.value.status, refused.value.text) == (400, "unknown query parameter 'labeel'")


@pytest.mark.parametrize("name", ["host", "path", "state"])
def test_dead_letters_have_no_such_filter(name: str) -> None:
    with pytest.raises(Refused):
        check_known(((name, "x"),), DEAD_LETTERS)


def test_a_json_body_has_the_names_of_a_query() -> None:
    body = {"messageIds": ["a", "b"], "fromDate": 1767225900000, "label": "x", "dlqIds": []}
    assert from_json(body) == (("messageIds", "a"), ("messageIds", "b"), ("fromDate", "1767225900000"), ("label", "x"))


@pytest.mark.parametrize("value", [None, True, 1.5, {}, [None], [["a"]]], ids=str)
def test_a_json_body_with_other_values_is_refused(value: object) -> None:
    with pytest.raises(Refused) as refused:
        from_json({"messageIds": value})
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("parameters", "count"),
    [((), 100), ((("count", ""),), 100), ((("count", "1"),), 1), ((("count", "1"), ("count", "100")), 100)],
)
def test_a_count_is_read(parameters: Parameters, count: int) -> None:
    assert count_of(parameters, 100, 100) == count


@pytest.mark.parametrize("text", ["0", "101", "-1", "1.5", "many"])
def test_a_count_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        count_of((("count", text),), 100, 100)
    assert refused.value.status == 400


def test_an_order_is_read() -> None:
    assert earliest_first((), True) is True
    assert earliest_first((), False) is False
    assert earliest_first((("order", "earliestFirst"),), False) is True
    assert earliest_first((("order", "latestFirst"),), True) is False
    with pytest.raises(Refused, match="use earliestFirst or latestFirst"):
        earliest_first((("order", "backwards"),), True)


def test_the_last_of_two_values_counts_and_an_empty_one_is_none() -> None:
    assert value_of((("cursor", "1"), ("Cursor", "2")), "cursor") == "2"
    assert value_of((("cursor", ""),), "cursor") is None
