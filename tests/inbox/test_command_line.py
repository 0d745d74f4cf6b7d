"""``qstash-integrations inbox prune|stats --inbox shop.db:inbox``."""

import json
from collections.abc import Generator

import pytest
from sqlalchemy import insert

from qstash_integrations.cli import main
from tests.inbox import shop_db

DAY = 86_400_000
NAME = "tests.inbox.shop_db:inbox"


@pytest.fixture
def marks() -> Generator[None]:
    shop_db.metadata.create_all(shop_db.engine)
    rows = [{"token": f"{day:064}", "message": f"{day:064}", "at": day * DAY} for day in (10, 20, 100)]
    with shop_db.engine.begin() as connection:
        connection.execute(insert(shop_db.inbox.table), rows)
    yield
    shop_db.metadata.drop_all(shop_db.engine)


def test_marks_are_counted_and_pruned(marks: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inbox", "stats", "--inbox", NAME]) == 0
    assert capsys.readouterr().out == f"marks: 3, oldest at: {10 * DAY}, newest at: {100 * DAY}, prunable: 2\n"
    assert main(["inbox", "prune", "--json", "--inbox", NAME]) == 0
    assert json.loads(capsys.readouterr().out) == {"pruned": 2}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tests.inbox.shop_db", "there are 2 in it; name one"),
        ("tests.inbox.shop_db:engine", "is no inbox but Engine"),
        ("tests.inbox.shop_db:elsewhere", "the inbox knows no engine"),
        ("tests.inbox.nothing:inbox", "--inbox: there is no module"),
        (NAME, "the database: "),
    ],
)
def test_what_is_wrong_is_one_line(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inbox", "prune", "--inbox", name]) == 1
    shown = capsys.readouterr().err
    assert said in shown
    assert shown.count("\n") == 1
