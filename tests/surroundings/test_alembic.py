"""The recipe for Alembic: the outbox's table is one of the metadata's, so that autogenerate finds it."""

from pathlib import Path
from textwrap import dedent

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine, inspect

from tests.databases import Database

ENV = """
from alembic import context
from sqlalchemy import MetaData, NullPool, create_engine

from qstash_integrations.sqlalchemy import Inbox, Outbox

metadata = MetaData(naming_convention={NAMING})
Outbox(metadata)
Inbox(metadata)

with create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""
NAMINGS = {
    "no convention": "None",
    "a convention": dedent("""{
        "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s",
    }"""),
}


@pytest.mark.parametrize("naming", NAMINGS.values(), ids=NAMINGS)
def test_autogenerate_finds_the_tables_and_then_nothing_more(
    empty_database: Database,
    tmp_path: Path,
    naming: str,
) -> None:
    config = Config()
    config.set_main_option("script_location", str(tmp_path / "migrations"))
    config.set_main_option("sqlalchemy.url", empty_database.url.replace("%", "%%"))
    command.init(Config(tmp_path / "alembic.ini"), str(tmp_path / "migrations"))
    (tmp_path / "migrations" / "env.py").write_text(ENV.replace("{NAMING}", naming))
    with pytest.raises(CommandError):
        command.check(config)
    command.revision(config, "outbox", autogenerate=True)
    command.upgrade(config, "head")
    command.check(config)
    engine = create_engine(empty_database.url)
    assert {"qstash_outbox", "qstash_inbox"} <= set(inspect(engine).get_table_names())
    found = {tuple(index["column_names"]) for index in inspect(engine).get_indexes("qstash_outbox")}
    assert {("due_at",), ("sent_at",)} <= found
    engine.dispose()
    command.downgrade(config, "base")
