"""The databases of servers that tests are given."""

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tests.databases import MARIADB, POSTGRESQL, Server


@pytest.fixture(params=[POSTGRESQL, MARIADB])
def server(request: pytest.FixtureRequest) -> Server:
    given: Server = request.getfixturevalue(request.param)
    return given


def test_the_next_one_is_empty_and_out_of_reach_of_who_had_the_last(server: Server) -> None:
    with server() as first:
        engine = create_engine(first.url, poolclass=NullPool)
        connection = engine.connect()
        connection.execute(text("CREATE TABLE orders (number INTEGER)"))
        connection.commit()
    with server() as second:
        assert second.url != first.url
        assert inspect(create_engine(second.url, poolclass=NullPool)).get_table_names() == []
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT number FROM orders"))
        with pytest.raises(DBAPIError):
            engine.connect()
    connection.invalidate()


def test_two_at_a_time_are_apart(server: Server) -> None:
    with server() as first, server() as second:
        with create_engine(first.url, poolclass=NullPool).begin() as connection:
            connection.execute(text("CREATE TABLE orders (number INTEGER)"))
        assert inspect(create_engine(second.url, poolclass=NullPool)).get_table_names() == []
