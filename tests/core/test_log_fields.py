"""What machines read of a log record: on every one, documented, and nothing that is secret."""

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from qstash_integrations import NonRetryable, Receiver
from qstash_integrations._core.log_fields import LogFields, fields
from qstash_integrations.starlette import verify_qstash
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
WRITES = {"debug", "info", "warning", "error", "critical", "exception", "log"}
MAKES = {"fields", "of_delivery", "_fields_of"}
LOGGER = re.compile(r"(^|[._])log(ger)?$|getLogger\(", re.IGNORECASE)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "qstash_integrations").rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def calls_of(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def records_of(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
        if is_call and LOGGER.search(ast.unparse(node.func.value)):
            yield node


def test_every_record_of_the_package_has_fields() -> None:
    records = [(name, call) for name, tree in modules() for call in records_of(tree)]
    bare = [f"{name}:{call.lineno}" for name, call in records if "extra" not in {key.arg for key in call.keywords}]
    assert len(records) > 40
    assert bare == []


def test_every_event_and_field_has_its_line_in_the_documentation() -> None:
    events = {
        text.value
        for _, tree in modules()
        for call in calls_of(tree, MAKES)
        for text in ast.walk(call.args[0])
        if isinstance(text, ast.Constant)
    }
    attributes = {f"qstash_{name}" for name in LogFields.__annotations__} | {"qstash_event"}
    assert len(events) > 30
    assert [name for name in sorted(events | attributes) if f"`{name}`" not in PAGE] == []


def test_no_field_is_an_attribute_that_records_have_anyway() -> None:
    given: Any = dict.fromkeys(LogFields.__annotations__, 1)
    record = logging.getLogger("app").makeRecord("app", 10, "f", 1, "hi", (), None, extra=fields("rejected", **given))
    assert set(fields("rejected", **given)) <= vars(record).keys()


def test_what_a_stranger_says_is_cut_and_has_no_control_characters() -> None:
    assert fields("rejected", path="/a\n\x1b[31m") == {"qstash_event": "rejected", "qstash_path": "/a\\n\\x1b[31m"}
    assert len(str(fields("rejected", path="x" * 9000)["qstash_path"])) == 500


async def ship(request: Request) -> Response:
    raise NonRetryable("no such order")


def records(caplog: pytest.LogCaptureFixture, path: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    options: Any = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
    app = Starlette(routes=[Route("/hooks/ship", verify_qstash(**options)(ship), methods=["POST"])])
    with caplog.at_level(logging.INFO, logger="qstash_integrations"):
        TestClient(app).post(path, content=b"a secret body", headers=headers)
    found = [record for record in caplog.records if record.name == "qstash_integrations"]
    return [{key: value for key, value in vars(record).items() if key.startswith("qstash_")} for record in found]


def test_a_rejection_says_why_and_shows_no_query(caplog: pytest.LogCaptureFixture) -> None:
    assert records(caplog, "/hooks/ship?key=a-secret", {"Upstash-Message-Id": "msg_1"}) == [
        {
            "qstash_event": "rejected",
            "qstash_reason": "missing",
            "qstash_method": "POST",
            "qstash_path": "/hooks/ship",
            "qstash_interface": "asgi",
            "qstash_count": 0,
        }
    ]


def test_what_a_handler_raises_is_told_with_the_message(caplog: pytest.LogCaptureFixture) -> None:
    headers = {
        "Upstash-Signature": signed(b"a secret body"),
        "Upstash-Message-Id": "msg_1",
        "Upstash-Retried": "2",
    }
    assert records(caplog, "/hooks/ship", headers) == [
        {
            "qstash_event": "not_retryable",
            "qstash_message_id": "msg_1",
            "qstash_retried": 2,
            "qstash_error": "NonRetryable",
        }
    ]
