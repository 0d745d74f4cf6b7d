"""Arguments arrive as they were given, or are refused where they are published."""

import enum
import inspect
import ipaddress
import json
import math
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Optional, Union
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr
from typing_extensions import TypedDict

from qstash_integrations.tasks import Injected, Task
from qstash_integrations.tasks.arguments import BadArguments
from tests.soak import examples


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Item:
    name: str
    price: Decimal
    parts: "list[Item]" = field(default_factory=list)
    seal: bytes = b""


class Point(NamedTuple):
    x: int
    y: float


class Address(TypedDict):
    street: str
    since: date


class Order(BaseModel):
    number: int = Field(alias="orderNumber")
    made_at: datetime
    size: Size = Size.SMALL
    id: UUID = Field(default_factory=uuid.uuid4)
    places: list[Point] = []


class Narrow(BaseModel):
    name: str


class Wide(Narrow):
    secret: str


ZONES = st.one_of(
    st.none(), st.just(UTC), st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)
WHOLE = st.integers(-(2**80), 2**80)
REAL = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | REAL | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ITEMS = st.builds(
    Item, st.text(), DECIMALS, st.lists(st.builds(Item, st.text(), DECIMALS), max_size=2), st.binary(max_size=8)
)
DATETIMES = st.datetimes(timezones=ZONES)
ROUND: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "int": (int, WHOLE),
    "float": (float, REAL),
    "bool": (bool, st.booleans()),
    "str": (str, st.text()),
    "bytes": (bytes, st.binary()),
    "list of bytes": (list[bytes], st.lists(st.binary(max_size=9), max_size=4)),
    "datetime": (datetime, DATETIMES),
    "date": (date, st.dates()),
    "time": (time, st.times()),
    "timedelta": (timedelta, st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000))),
    "UUID": (UUID, st.uuids()),
    "Decimal": (Decimal, DECIMALS),
    "enum": (Size, st.sampled_from(Size)),
    "IntEnum": (Level, st.sampled_from(Level)),
    "Literal": (Literal["a", 1], st.sampled_from(["a", 1])),
    "optional": (Optional[int], st.none() | WHOLE),  # noqa: UP045 - as some write it
    "union": (int | str, WHOLE | st.text()),
    "old union": (Union[bool, None, date], st.none() | st.booleans() | st.dates()),  # noqa: UP007
    "list": (list[int], st.lists(WHOLE)),
    "tuple": (tuple[int, str], st.tuples(WHOLE, st.text())),
    "tuple of any length": (tuple[UUID, ...], st.lists(st.uuids(), max_size=3).map(tuple)),
    "set": (set[int], st.sets(WHOLE)),
    "frozenset": (frozenset[str], st.frozensets(st.text())),
    "deque": (deque[int], st.lists(WHOLE).map(deque)),
    "dict": (dict[str, int], st.dictionaries(st.text(), WHOLE)),
    "dict with keys that JSON has not": (dict[UUID, date], st.dictionaries(st.uuids(), st.dates(), max_size=3)),
    "Mapping": (Mapping[str, int], st.dictionaries(st.text(), WHOLE)),
    "Sequence": (Sequence[int], st.lists(WHOLE)),
    "dataclass": (Item, ITEMS),
    "NamedTuple": (Point, st.builds(Point, WHOLE, REAL)),
    "TypedDict": (Address, st.fixed_dictionaries({"street": st.text(), "since": st.dates()})),
    "model by alias": (
        Order,
        st.builds(
            Order, orderNumber=WHOLE, made_at=DATETIMES, places=st.lists(st.builds(Point, WHOLE, REAL), max_size=2)
        ),
    ),
    "list of models": (list[Narrow], st.lists(st.builds(Narrow), max_size=3)),
    "Any": (Any, JSON),
    "no annotation": (inspect.Parameter.empty, JSON),
    "object": (object, JSON),
    "constrained": (Annotated[int, Field(ge=0)], st.integers(0)),
    "address": (ipaddress.IPv4Address, st.ip_addresses(v=4)),
    "path": (Path, st.text("abc/").map(Path)),
}


def taking(annotation: Any) -> Task[..., Any]:
    def function(value: object) -> None: ...

    function.__annotations__ = {} if annotation is inspect.Parameter.empty else {"value": annotation}
    return Task(function, "shop.taking", (), {})


@pytest.mark.parametrize(("annotation", "values"), ROUND.values(), ids=ROUND)
def test_an_argument_arrives_as_it_was_given(annotation: Any, values: st.SearchStrategy[Any]) -> None:
    task = taking(annotation)

    @settings(max_examples=20, deadline=None)
    @given(values)
    def check(value: Any) -> None:
        arrived = task.arguments.decode(task.bind(value).body).arguments
        assert arrived == {"value": value}
        assert type(arrived["value"]) is type(value)

    check()


class Short(int):
    """A subclass of what is annotated."""


class Lock:
    """Of an app, and nothing that pydantic knows."""


def chosen(annotation: Any, value: Any, told: str) -> tuple[Any, Any, str]:
    return annotation, value, told


LOSSY: dict[str, tuple[Any, Any, str]] = {
    "a text for a number": chosen(int, "3", "value is a str, and would arrive as a int"),
    "a flag for a number": chosen(int, True, "value is a bool, and would arrive as a int"),
    "a number for a flag": chosen(bool, 1, "value is a int, and would arrive as a bool"),
    "a large number for a real one": chosen(float, 2**53 + 1, "value is a int, and would arrive as a float"),
    "a real number for a whole one": chosen(int, 1.5, "value does not fit (int_from_float)"),
    "not a number, in Any": chosen(Any, math.nan, "value is a float, and would arrive as a NoneType"),
    "not a number": chosen(float, math.nan, "value does not fit (float_type)"),
    "infinity": chosen(float, math.inf, "value does not fit (float_type)"),
    "nothing for a number": chosen(int, None, "value does not fit (int_type)"),
    "a subclass": chosen(int, Short(3), "value is a Short, and would arrive as a int"),
    "a subclass of a model": chosen(
        Narrow, Wide(name="a", secret="b"), "value is a Wide, and would arrive as a Narrow"
    ),
    "one in a list": chosen(
        list[Narrow], [Wide(name="a", secret="b")], "value is a list, and would arrive as another one"
    ),
    "a secret": chosen(SecretStr, SecretStr("hunter2"), "value is a SecretStr, and would arrive as another one"),
    "a UUID that may be a text": chosen(Any, uuid.uuid4(), "value is a UUID, and would arrive as a str"),
    "a date in Any": chosen(Any, date(2027, 1, 1), "value is a date, and would arrive as a str"),
    "a tuple in Any": chosen(Any, (1, 2), "value is a tuple, and would arrive as a list"),
    "a key that is no text": chosen(dict[Any, int], {1: 2}, "value is a dict, and would arrive as another one"),
    "a tuple for a list": chosen(list[int], (1, 2), "value is a tuple, and would arrive as a list"),
    "flags in a set of numbers": chosen(set[int], {True}, "value is a set, and would arrive as another one"),
    "an ordered dict": chosen(dict[str, int], OrderedDict(a=1), "value is a OrderedDict, and would arrive as a dict"),
    "half a letter": chosen(str, "\ud800", "value (str) has no JSON form"),
    "a plain object": chosen(Any, object(), "value (object) has no JSON form"),
    "what its annotation refuses": chosen(Annotated[int, Field(ge=0)], -1, "value does not fit (greater_than_equal)"),
    "a choice that there is not": chosen(Literal["a"], "b", "value does not fit (literal_error)"),
    "an iterator": chosen(list[int], iter([1]), "value is a list_iterator, and would arrive as a list"),
    "bytes that may be text": chosen(str | bytes, b"a", "value is a bytes, and would arrive as a str"),
}


@pytest.mark.parametrize(("annotation", "value", "told"), LOSSY.values(), ids=LOSSY)
def test_what_would_arrive_as_another_is_refused_when_it_is_published(annotation: Any, value: Any, told: str) -> None:
    with pytest.raises(TypeError) as refused:
        taking(annotation).bind(value)
    assert str(refused.value) == f"shop.taking: {told}"


def test_a_whole_number_may_be_a_real_one() -> None:
    assert taking(float).bind(3).body == b'{"value":3.0}'


def test_a_text_that_looks_like_something_else_stays_a_text() -> None:
    task = taking(UUID | str)
    with pytest.raises(TypeError, match="is a str, and would arrive as a UUID"):
        task.bind(str(uuid.uuid4()))
    assert task.bind("hello").body == b'{"value":"hello"}'


def test_a_moment_keeps_its_offset_and_loses_the_name_of_its_zone() -> None:
    berlin = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))
    arrived = taking(datetime).arguments.decode(taking(datetime).bind(berlin).body).arguments["value"]
    assert (arrived.utcoffset(), arrived.timestamp()) == (timedelta(hours=1), berlin.timestamp())


NO_JSON = {
    "a function": Callable[[], int],
    "an iterator": Iterator[int],
    "a generator": Generator[int],
    "a list of functions": list[Callable[[], int]],
    "an object of an app": Lock,
    "a class": type[int],
}


@pytest.mark.parametrize("annotation", NO_JSON.values(), ids=NO_JSON)
def test_a_parameter_that_is_no_json_is_named(annotation: Any) -> None:
    task = taking(annotation)
    with pytest.raises(TypeError, match=r"^shop\.taking: value is a .*, which is nothing that JSON holds"):
        task.check()


def test_an_annotation_that_is_not_known_names_its_parameter() -> None:
    with pytest.raises(TypeError, match=r"^shop\.taking: the annotation of value cannot be read: name 'Missing' is"):
        taking("list[Missing]").check()


def test_what_pydantic_says_of_an_annotation_is_told() -> None:
    class Later(BaseModel):
        next: "Missing"  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(TypeError, match=r"^shop\.taking: value is a Later, .*Missing"):
        taking(Later).check()


def test_an_annotation_may_name_what_is_defined_later() -> None:
    task = taking("Later")
    globals()["Later"] = int
    try:
        assert task.bind(3).body == b'{"value":3}'
    finally:
        del globals()["Later"]


def many(*items: int) -> None: ...
def named(**items: int) -> None: ...
def placed(item: int, /) -> None: ...
def fielded(item: int = Field(ge=0)) -> None: ...


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (many, r"\*items has none; name each parameter"),
        (named, r"\*\*items has none; name each parameter"),
        (placed, r"item is positional only; leave out the /"),
        (fielded, r"write item: Annotated\[..., Field"),
    ],
)
def test_what_cannot_travel_by_name_is_refused_by_the_decorator(function: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        Task(function, "shop.f", (), {})


def odd_names(self: int, json: str, model_config: int, _hidden: bool = False, copy: int = 1, cls: int = 2) -> None: ...


def test_any_name_of_a_parameter_will_do() -> None:
    task = Task(odd_names, "shop.odd", (), {})
    call = task.bind(1, "a", 2, _hidden=True)
    assert task.arguments.decode(call.body).arguments == {"self": 1, "json": "a", "model_config": 2, "_hidden": True}


def grown(order_id: int, gift: bool = False) -> None: ...


def test_a_parameter_added_with_a_default_does_not_strand_messages() -> None:
    assert Task(grown, "shop.ship", (), {}).arguments.decode(b'{"order_id":3}').arguments == {"order_id": 3}


def test_new_arguments_are_refused_by_old_code() -> None:
    with pytest.raises(BadArguments, match="it has no parameter 'speed'"):
        Task(grown, "shop.ship", (), {}).arguments.decode(b'{"order_id":3,"speed":1}')


SECRETS = [(int, "hunter2"), (Literal["a"], "hunter2"), (dict[str, int], {"hunter2": "x"}), (Narrow, "hunter2")]


@pytest.mark.parametrize(("annotation", "value"), SECRETS)
def test_no_error_holds_a_value(annotation: Any, value: Any) -> None:
    with pytest.raises(TypeError) as refused:
        taking(annotation).bind(value)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None or "hunter2" not in str(refused.value.__cause__)
    body = taking(Any).bind(value).body
    with pytest.raises(BadArguments) as bad:
        taking(annotation).arguments.decode(body)
    assert "hunter2" not in str(bad.value)
    assert "hunter2" not in repr(taking(Any).bind(value))


@settings(max_examples=examples(400), deadline=None)
@given(st.sampled_from(sorted(ROUND)), st.sampled_from(sorted(ROUND)).flatmap(lambda kind: ROUND[kind][1]))
def test_whatever_is_given_arrives_as_it_was_or_is_refused(kind: str, value: Any) -> None:
    task = taking(ROUND[kind][0])
    try:
        body = task.bind(value).body
    except TypeError:
        return
    arrived = task.arguments.decode(body).arguments["value"]
    assert arrived == value
    assert type(arrived) is type(value) or (type(value), type(arrived)) == (int, float)


def late(order_id: int, db: "OnlyForCheckers" = Injected, *, gift: bool = False) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def test_what_is_injected_may_have_an_annotation_for_checkers_alone() -> None:
    task = Task(late, "shop.late", (), {})
    assert task.bind(3, gift=True).body == b'{"order_id":3,"gift":true}'
    with pytest.raises(TypeError, match=r"db is injected where the task runs; leave it out"):
        task.bind(3, db=1)


@pytest.mark.parametrize("result", [math.nan, [math.inf], object(), "\ud800"])
def test_a_result_is_json_or_nothing(result: Any) -> None:
    def function() -> "OnlyForCheckers": ...  # type: ignore[name-defined,empty-body]  # noqa: F821

    encoded = Task(function, "shop.f", (), {}).results.encode(result)
    assert encoded is None or json.loads(encoded) in (None, [None])
