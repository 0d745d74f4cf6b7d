"""Every command, in every place, prints the JSON that is promised, and no secret with it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from jsonschema import Draft202012Validator

from tests.verbs import shop
from tests.verbs.places import Place
from tests.verbs.schemas import LINES, SCHEMAS
from tests.verbs.stock import SECRET, stock_up
from tests.verbs.tree import leaves

# They are about this machine, and are tried as the processes that they are: tests/server/test_cli.py, tests/demo.
OF_THIS_MACHINE = {"dev", "demo"}
OUTBOX = ["--outbox", "tests.verbs.shop:outbox"]
INBOX = ["--inbox", "tests.verbs.shop:inbox"]


class Typed(NamedTuple):
    """Behind the command; MESSAGE, LETTER and FILE stand for those that there are."""

    arguments: Sequence[str] = ()
    code: int = 0


TYPED: dict[str, Typed] = {
    "doctor": Typed(["--offline"]),
    "routes": Typed(),
    "sign": Typed(["--url", shop.HOOK, "--body", "hello"]),
    "publish": Typed(["--url", shop.HOOK, "--body", '{"n": 1}', "--delay", "10m", "--header", "A: b"]),
    "publish-many": Typed(["--url", shop.HOOK, "--json-lines", "FILE"], code=1),
    "messages get": Typed(["MESSAGE"]),
    "messages cancel": Typed(["MESSAGE", "--yes"]),
    "dlq list": Typed(),
    "dlq show": Typed(["LETTER"]),
    "dlq retry": Typed(["LETTER", "nobody"], code=1),
    "dlq delete": Typed(["--all", "--yes"]),
    "logs": Typed(["--state", "failed", "--since", "1h"]),
    "queues list": Typed(),
    "queues show": Typed(["orders"]),
    "queues set": Typed(["orders", "--parallelism", "4"]),
    "queues pause": Typed(["orders"]),
    "queues resume": Typed(["orders"]),
    "queues delete": Typed(["orders", "--yes"]),
    "url-groups list": Typed(),
    "url-groups show": Typed(["all"]),
    "url-groups add": Typed(["all", "two=https://two.example/hook"]),
    "url-groups remove": Typed(["all", "one"]),
    "url-groups delete": Typed(["all", "--yes"]),
    "flow-control list": Typed(),
    "flow-control show": Typed(["carrier"]),
    "flow-control pause": Typed(["carrier"]),
    "flow-control resume": Typed(["carrier"]),
    "flow-control pin": Typed(["carrier", "--rate", "9", "--period", "1h"]),
    "flow-control unpin": Typed(["carrier"]),
    "keys show": Typed(),
    "keys rotate": Typed(["--yes"]),
    "schedules list": Typed(),
    "schedules plan": Typed(),
    "schedules check": Typed(code=2),
    "schedules sync": Typed(["--prune", "--yes"]),
    "schedules pause": Typed(["daily"]),
    "schedules resume": Typed(["daily"]),
    "outbox relay": Typed([*OUTBOX, "--once"]),
    "outbox stats": Typed(OUTBOX),
    "outbox requeue": Typed([*OUTBOX, "--all"]),
    "outbox prune": Typed([*OUTBOX, "--older-than", "7d"]),
    "inbox prune": Typed(INBOX),
    "inbox stats": Typed(INBOX),
}


def test_each_command_is_here_with_its_schema() -> None:
    assert set(TYPED) == set(SCHEMAS) == set(leaves()) - OF_THIS_MACHINE
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


@pytest.fixture
def known(place: Place, tmp_path: Path) -> dict[str, str]:
    """What words stand for."""
    file = tmp_path / "orders.jsonl"
    file.write_text('{"n": 1}\nnone\n')
    stock = stock_up(place.qstash)
    return {"MESSAGE": stock.message_id, "LETTER": stock.dlq_id, "FILE": str(file)}


def words(command: str, known: dict[str, str]) -> list[str]:
    return [*command.split(), *(known.get(word, word) for word in TYPED[command].arguments)]


@pytest.mark.parametrize("command", TYPED)
def test_a_command_prints_json_as_its_schema_says(place: Place, known: dict[str, str], command: str) -> None:
    ended = place.run(*words(command, known), "--json")
    assert ended.code == TYPED[command].code, ended.err
    found = [json.loads(line) for line in ended.out.splitlines()] if command in LINES else [ended.json]
    assert found
    for one in found:
        Draft202012Validator(SCHEMAS[command]).validate(one)
    assert SECRET not in ended.out + ended.err


@pytest.mark.parametrize("command", TYPED)
def test_a_command_says_the_same_as_text_and_no_secret(place: Place, known: dict[str, str], command: str) -> None:
    ended = place.run(*words(command, known))
    assert (ended.code, ended.out != "") == (TYPED[command].code, True), ended.err
    assert SECRET not in ended.out + ended.err
    with pytest.raises(ValueError, match=r"Expecting value|Extra data"):
        json.loads(ended.out)
