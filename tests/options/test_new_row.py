"""A row is all that a new option needs to be written, read, kept, given back and shown."""

import pytest

from qstash_integrations._core.publishing.options import Place
from qstash_integrations._core.publishing.wire import headers_of
from qstash_integrations.server.api.option_fields import option_fields, shown_in
from qstash_integrations.server.model import Options, Refused
from qstash_integrations.server.rules.options import by_header, read_options
from qstash_integrations.server.tables.encoding import options_from_json, options_to_json
from tests.options.fictitious import TABLE

NOW = 1_800_000_000.0
HEADERS = [("Upstash-Priority", "7")]
OPTIONS = Options(others=(("priority", 7),))


def test_the_client_writes_it() -> None:
    assert headers_of({"priority": 7}, TABLE) == HEADERS


def test_the_client_refuses_a_wrong_one_by_name() -> None:
    with pytest.raises(TypeError, match=r"^priority must be an int, not str$"):
        headers_of({"priority": "7"}, TABLE)


def test_the_local_server_reads_it() -> None:
    assert read_options(HEADERS, NOW, table=by_header(TABLE.values())) == OPTIONS


def test_the_local_server_refuses_more_than_the_row_allows() -> None:
    with pytest.raises(Refused, match=r"^quota maxPriority exceeded, current limit: 9$"):
        read_options([("upstash-priority", "10")], NOW, table=by_header(TABLE.values()))


def test_it_stays_when_a_retry_changes_something_else() -> None:
    changed = read_options([("Upstash-Retries", "1")], NOW, OPTIONS, by_header(TABLE.values()))
    assert changed == Options(retries=1, others=(("priority", 7),))


def test_it_comes_back_from_the_database() -> None:
    assert options_from_json(options_to_json(OPTIONS)) == OPTIONS


@pytest.mark.parametrize("place", ["messages", "logs", "schedules", None])
def test_every_answer_shows_it(place: Place | None) -> None:
    assert option_fields(OPTIONS, place, shown_in(TABLE.values()))["priority"] == 7
