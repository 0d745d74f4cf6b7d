"""``QStash`` and ``AsyncQStash`` are the same but for the waiting: they cannot drift apart."""

import inspect
import re
from typing import Any, get_overloads, get_type_hints

import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations._core.publishing._sync.resources import Resources
from qstash_integrations._core.publishing.operations import Operation
from tests.outbox import outbox
from tests.publish.loopback import TOKEN

SYNC, ASYNC = QStash(TOKEN), AsyncQStash(TOKEN)
RESOURCES = [name for name, member in vars(Resources).items() if isinstance(member, property)]
PAIRS: dict[str, tuple[type, type]] = {"the client": (QStash, AsyncQStash)} | {
    name: (type(getattr(SYNC, name)), type(getattr(ASYNC, name))) for name in RESOURCES
}
EITHER = pytest.mark.parametrize(("sync", "twin"), PAIRS.values(), ids=PAIRS)
# What has another name or another nature in async code.
ONLY_SYNC, ONLY_ASYNC = {"close"}, {"aclose", "sync"}
ITERATED = {"iter", "publish_many", "publish_many_json"}
# Async code may have its messages from either kind of source.
EITHER_SOURCE = re.compile(r" \| collections\.abc\.AsyncIterable\[[^]]*\]")


def public(kind: type) -> dict[str, Any]:
    return {name: inspect.getattr_static(kind, name) for name in dir(kind) if not name.startswith("_")}


def test_the_resources_are_known() -> None:
    assert RESOURCES == ["message", "queue", "schedule", "url_group", "dlq", "log", "signing_key", "flow_control"]


@EITHER
def test_they_have_the_same_names(sync: type, twin: type) -> None:
    assert public(sync).keys() - ONLY_SYNC == public(twin).keys() - ONLY_ASYNC


@EITHER
def test_their_methods_say_the_same(sync: type, twin: type) -> None:
    for name in public(sync).keys() - ONLY_SYNC - {"sleep"}:
        assert inspect.getdoc(getattr(sync, name)), f"{name} has no docstring"
        assert inspect.getdoc(getattr(sync, name)) == inspect.getdoc(getattr(twin, name)), name


@EITHER
def test_their_methods_take_and_give_the_same(sync: type, twin: type) -> None:
    for name, member in public(sync).items():
        if not inspect.isfunction(member) or name in ONLY_SYNC:
            continue
        other = inspect.getattr_static(twin, name)
        assert signatures(member) == signatures(other), name
        assert inspect.iscoroutinefunction(other) or name in ITERATED, f"{name} cannot be awaited"


def signatures(function: Any) -> list[str]:
    found = [inspect.signature(function), *map(inspect.signature, get_overloads(function))]
    return [re.sub(r"\bAsync(?=[A-Z])|_a?sync(?=\.)", "", EITHER_SOURCE.sub("", str(signature))) for signature in found]


@EITHER
def test_every_public_method_is_typed(sync: type, twin: type) -> None:
    for kind in (sync, twin):
        for name, member in public(kind).items():
            if inspect.isfunction(member):
                assert "return" in get_type_hints(member), name


def test_both_are_made_in_the_same_way() -> None:
    assert inspect.signature(QStash) == inspect.signature(AsyncQStash)
    assert inspect.signature(QStash.from_settings) == inspect.signature(AsyncQStash.from_settings)


def test_an_operation_of_ones_own_runs_on_both() -> None:
    """A call that QStash learns tomorrow needs no new release."""
    operation: Operation[Any] = Operation(
        method="GET", path="/v2/new", read=lambda answer: answer, query=(("a b", "c&d"),)
    )
    with outbox() as sent:
        assert SYNC.run(operation) == {"messageId": "msg_1"}
        with pytest.raises(StopIteration):
            ASYNC.run(operation).send(None)
    assert [request.url for request in sent] == ["https://qstash.upstash.io/v2/new?a%20b=c%26d"] * 2
