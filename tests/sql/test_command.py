"""``qstash-integrations outbox --outbox shop:outbox``, for an ``Engine`` and an ``AsyncEngine``."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, insert

from qstash_integrations import cli
from qstash_integrations._core.publishing.operations.batch import batch
from qstash_integrations.outbox.row import columns_of, new_holder
from qstash_integrations.outbox.written import rows_of
from tests.databases import sqlite
from tests.outbox.hand import FakeQStash
from tests.sql import shop
from tests.sql.conftest import URL


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    place = sqlite(tmp_path / "shop.sqlite3")
    monkeypatch.setenv("SHOP", place.url)
    monkeypatch.setenv("SHOP_OF_LOOPS", place.async_url)
    engine = create_engine(place.url)
    shop.outbox.table.create(engine)
    with engine.begin() as connection:
        rows = rows_of(batch([{"url": URL}] * 3, None), time.time_ns() // 1_000_000 - 60_000, new_holder())
        connection.execute(insert(shop.outbox.table), [columns_of(row) for row in rows])
    engine.dispose()
    return engine


@pytest.mark.parametrize(("name", "kept"), [("outbox", 3), ("of_loops", 0)])
def test_a_relay_sends_what_is_due(
    database: Engine, qstash: FakeQStash, capsys: pytest.CaptureFixture[str], name: str, kept: int
) -> None:
    outbox = ["--outbox", f"tests.sql.shop:{name}"]
    assert cli.main(["outbox", "relay", *outbox, "--once"]) == 0
    assert len(qstash.accepted) == 3
    capsys.readouterr()
    assert cli.main(["outbox", "stats", *outbox, "--json"]) == 0
    stats: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (stats["waiting"], stats["sent"]) == (0, kept)
    assert stats["store"].endswith("shop.sqlite3")
