"""``QStash`` and ``AsyncQStash`` are the same but for the waiting: one is made of the other."""

import ast
import inspect
from typing import Any, get_type_hints

import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations._core.publishing._sync.resources import Resources
from qstash_integrations._core.publishing.operations import Operation
from tests.outbox import outbox
from tests.publish.loopback import TOKEN
from tools.unasync import ASYNC, SYNC, generated

CLIENTS = (QStash(TOKEN), AsyncQStash(TOKEN))
RESOURCES = [name for name, member in vars(Resources).items() if isinstance(member, property)]
KINDS: list[type] = [type(client) for client in CLIENTS]
KINDS += [type(getattr(client, name)) for client in CLIENTS for name in RESOURCES]
MADE = dict(generated())


def test_the_resources_are_known() -> None:
    assert RESOURCES == ["message", "queue", "schedule", "url_group", "dlq", "log", "signing_key", "flow_control"]


def test_every_sync_module_is_made_of_an_async_one() -> None:
    assert {path.name for path in SYNC.glob("*.py")} == {path.name for path in ASYNC.glob("*.py")}


def test_a_sync_module_is_what_the_async_one_says() -> None:
    """But for its layout, which the environment ``lint`` compares."""
    assert [
        path.name for path, said in MADE.items() if tree_of(path.read_text(encoding="utf-8")) != tree_of(said)
    ] == []


def test_a_sync_module_waits_for_nothing_and_names_nothing_that_does() -> None:
    trees = {path.name: tree_of(path.read_text(encoding="utf-8")) for path in MADE}
    assert [name for name, tree in trees.items() if "Async" in tree or "Await" in tree] == []


def tree_of(text: str) -> str:
    return ast.dump(ast.parse(text))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_public_method_is_typed_and_described(kind: type) -> None:
    for name in dir(kind):
        member = inspect.getattr_static(kind, name)
        if not name.startswith("_") and inspect.isfunction(member) and name != "sleep":
            assert "return" in get_type_hints(member), name
            assert inspect.getdoc(member), f"{name} has no docstring"


def test_an_operation_of_ones_own_runs_on_both() -> None:
    """A call that QStash learns tomorrow needs no new release."""
    operation: Operation[Any] = Operation(
        method="GET", path="/v2/new", read=lambda answer: answer, query=(("a b", "c&d"),)
    )
    sync, asynchronous = CLIENTS
    with outbox() as sent:
        assert sync.run(operation) == {"messageId": "msg_1"}
        with pytest.raises(StopIteration):
            asynchronous.run(operation).send(None)
    assert [request.url for request in sent] == ["https://qstash.upstash.io/v2/new?a%20b=c%26d"] * 2
