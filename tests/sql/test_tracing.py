"""A row remembers the trace of its transaction, with SQLAlchemy as well."""

from collections.abc import Generator

import pytest
from sqlalchemy.orm import Session

from tests.otel.sdk import Told, context_of, linked, recording, traceparent
from tests.sql.conftest import URL, Arrivals, outbox


@pytest.fixture
def told() -> Generator[Told]:
    with recording() as made:
        yield made


def test_what_a_session_writes_is_sent_with_a_link_to_its_trace(
    told: Told, session: Session, arrivals: Arrivals
) -> None:
    with told.tracer.start_as_current_span("checkout") as checkout:
        outbox.publish(session, url=URL)
        session.commit()
    sent = arrivals.next()
    assert arrivals.are_over()
    create, send = told.one("create shop.example.com"), told.one("send shop.example.com")
    assert create.parent == checkout.get_span_context()
    assert sent.headers["Upstash-Forward-Traceparent"] == traceparent(create)
    assert linked(send) == [context_of(create)]


def test_deduplication_by_content_is_left_alone(told: Told, session: Session, arrivals: Arrivals) -> None:
    outbox.publish(session, url=URL, content_based_deduplication=True)
    session.commit()
    assert "Traceparent" not in repr(arrivals.next().headers)
    assert arrivals.are_over()
