"""JSON in the body of a call: counted before it is built, and item by item where there may be many."""

import json
from typing import Any

import pytest

from qstash_integrations.server.api.json_text import MOST_VALUES, MOST_VALUES_OF_AN_ITEM, read, read_items
from qstash_integrations.server.model import Refused

ARRAYS = [
    b"[]", b" [ ] ", b"[1]", b"[1,2]", b'[ "a" , "b" ]', b'["\\"]"]', b'["\\\\","]"]', b'[{"a":[1,{"b":"}"}]},null]',
    b"[[],[[]],{}]", b'["caf\xc3\xa9",true]', b'\n[\t{"a":\r\n1}\n]\n', b'["a,b","[","{"]', b"[-1.5e3 , 0]",
]  # fmt: skip
BROKEN = [
    b"[", b"[1", b"[1,", b"[1,]", b"[,1]", b"[,]", b"[1 2]", b"[{]}", b"[{}", b'["a]', b'["a\\"]', b"[1]]", b"[1] 2",
    b"[1}{", b'[{"a":1}{"b":2}]', b"[NaN]", b"[Infinity]", b"[1][2]", b'[\xff"a"]', b"\xef\xbb\xbf[1]", b"[\x0c1]",
    b'[{"a":"\n"}]', b"[" + b"[" * 300 + b"1" + b"]" * 299 + b"]", b"[" + b"9" * 5000 + b"]",
]  # fmt: skip


@pytest.mark.parametrize("body", ARRAYS)
def test_the_items_are_those_of_the_whole(body: bytes) -> None:
    assert list(read_items(body)) == json.loads(body)


@pytest.mark.parametrize("body", BROKEN)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match=r"^invalid JSON in the request body$"):
        list(read_items(body))


@pytest.mark.parametrize("body", [b"{}", b"1", b'"[]"', b"null", b"", b"  ", b'{"a":[1]}'])
def test_what_is_no_array_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match=r"^invalid request body: it must be a JSON array$"):
        list(read_items(body))


def test_items_are_read_as_they_are_taken() -> None:
    items = read_items(b'[{"a":1},{"b":2},nonsense')
    assert [next(items), next(items)] == [{"a": 1}, {"b": 2}]
    with pytest.raises(Refused):
        next(items)


@pytest.mark.parametrize(
    "value", ["[]", "{}", "0", '""', '"\\"["'], ids=["arrays", "objects", "numbers", "texts", "signs"]
)
def test_S08_an_item_holds_so_many_values(value: str) -> None:
    most = json.dumps([None, "x", json.loads(f"[{','.join([value] * (MOST_VALUES_OF_AN_ITEM // 2))}]")]).encode()
    too_much = f"[null,[{','.join([value] * (MOST_VALUES_OF_AN_ITEM + 1))}]]".encode()
    assert len(list(read_items(most))) == 3
    with pytest.raises(Refused, match=r"^item 1 holds too much: at most 500 values$"):
        list(read_items(too_much))


@pytest.mark.parametrize(
    ("body", "found"), [(b"", None), (b" \n", None), (b"{}", {}), (b'{"a":[1,"]"]}', {"a": [1, "]"]}), (b"7", 7)]
)
def test_a_body_is_its_value(body: bytes, found: Any) -> None:
    assert read(body) == found


def test_halves_of_surrogate_pairs_are_mended_wherever_they_stand() -> None:
    assert read(b'{"\\ud800": ["\\udc00", {"a": 3}]}') == {"\ufffd": ["\ufffd", {"a": 3}]}


def test_S08_a_body_holds_so_many_values() -> None:
    most = b'{"ids":[' + b",".join([b'"1-1"'] * (MOST_VALUES - 2)) + b"]}"
    assert len(read(most)["ids"]) == MOST_VALUES - 2
    with pytest.raises(Refused, match=r"^the request body holds too much: at most 20000 values$"):
        read(most[:-2] + b',"1-1","1-1","1-1"]}')


def test_S08_signs_in_a_text_are_no_values() -> None:
    assert read(json.dumps({"body": '{"a":[' * 100_000}).encode()) == {"body": '{"a":[' * 100_000}


def test_S08_a_text_without_end_is_looked_at_once() -> None:
    with pytest.raises(Refused, match="invalid JSON"):
        list(read_items(b"[" + b'"' + b'\\"a[' * 1_000_000))
