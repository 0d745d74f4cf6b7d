"""A flood of faults is not a flood of records."""

import logging

import pytest

from qstash_integrations.server.faults import fault_log


def test_S07_one_record_of_a_kind_is_written_in_a_minute_and_counts_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    moment = [0.0]
    log = fault_log(lambda: moment[0])
    for number in range(100):
        log.warning("nothing came of %s", number)
    log.warning("something else")
    moment[0] = 60.0
    log.warning("nothing came of %s", 100)
    log.warning("nothing came of %s", 101)
    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        ("qstash_integrations.server", "nothing came of 0"),
        ("qstash_integrations.server", "something else"),
        ("qstash_integrations.server", "nothing came of 100 (99 more since the last such record)"),
    ]


def test_what_one_server_has_written_is_news_of_the_next(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        fault_log().error("the disk is full")
    assert len(caplog.records) == 2


def test_the_level_of_the_servers_logger_counts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, "qstash_integrations.server"):
        fault_log().error("the disk is full")
    assert not caplog.records
