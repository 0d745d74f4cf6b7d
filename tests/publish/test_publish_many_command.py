"""``qstash-integrations publish-many``: a message for each line of JSON, a bar meanwhile, and an honest exit code."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations.cli import main
from tests.publish.loopback import TOKEN, URL, answer, loopback

RECEIPTS = answer(201, [{"messageId": "msg_1"}, {"messageId": "msg_2"}])


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_TOKEN", TOKEN)


@pytest.fixture
def batches() -> Generator[list[list[Any]]]:
    """What was sent so far."""
    sent: list[list[Any]] = []

    def accept(request: APIRequest) -> APIResponse:
        sent.append(json.loads(request.body or b""))
        return APIResponse(201, json.dumps([{"messageId": "msg_1"}] * len(sent[-1])).encode())

    with override_transport(accept):
        yield sent


def bodies(batches: list[list[Any]]) -> list[list[str]]:
    return [[item["body"] for item in batch] for batch in batches]


def test_each_line_of_a_file_is_a_message(
    tmp_path: Path, batches: list[list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "orders.jsonl"
    file.write_bytes('\ufeff{"id":  1.10}\r\n\n"h\u00e9"\n  [3]  \nnull'.encode())
    assert main(["publish-many", "--url", URL, "--json-lines", str(file), "--chunk-size", "3"]) == 0
    # As they stand there: 1.10 is not 1.1 to everybody.
    assert bodies(batches) == [['{"id":  1.10}', '"h\u00e9"', "[3]"], ["null"]]
    first = batches[0][0]
    assert (first["destination"], first["headers"]["Content-Type"]) == (URL, "application/json")
    assert capsys.readouterr() == ("4 messages published\n", "")


def test_lines_may_come_from_stdin(
    monkeypatch: pytest.MonkeyPatch, batches: list[list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1\n")))
    assert main(["publish-many", "--url", URL]) == 0
    assert bodies(batches) == [["1"]]
    # No terminal, no bar.
    assert capsys.readouterr() == ("1 message published\n", "")


def test_an_empty_file_is_no_message(
    tmp_path: Path, batches: list[list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").touch()
    assert main(["publish-many", "--url", URL, "--json-lines", str(tmp_path / "empty")]) == 0
    assert (batches, capsys.readouterr().out) == ([], "0 messages published\n")


WRONG: dict[str, tuple[bytes, str]] = {
    "cut": (b'{"secret": 1', "Expecting ',' delimiter at column 13"),
    "text": (b"secret", "Expecting value at column 1"),
    "not UTF-8": (b'"secret\xff"', "not UTF-8"),
    "NaN": (b'["secret", NaN]', "there is no NaN in JSON"),
    "endless depth": (b"[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize(("line", "reason"), WRONG.values(), ids=WRONG)
def test_a_line_that_is_no_json_is_named_and_all_others_are_sent(
    tmp_path: Path, batches: list[list[Any]], capsys: pytest.CaptureFixture[str], line: bytes, reason: str
) -> None:
    file = tmp_path / "orders.jsonl"
    file.write_bytes(b"1\n2\n\n3\n" + line + b"\n4\n")
    assert main(["publish-many", "--url", URL, "--json-lines", str(file), "--chunk-size", "2"]) == 1
    assert bodies(batches) == [["1", "2"], ["3", "4"]]
    assert capsys.readouterr() == (
        "4 messages published, 1 failed\n",
        f"qstash-integrations publish-many: line 5 of {file} is no JSON: {reason}\n",
    )


def test_a_message_that_qstash_refuses_is_named_and_all_others_are_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lines").write_text("1\n2\n3\n")
    sent: list[APIRequest] = []

    def take(request: APIRequest) -> APIResponse:
        sent.append(request)
        if request.url.endswith("/v2/batch") or request.body == b"2":
            return APIResponse(400, b'{"error":"no"}')
        return APIResponse(201, b'{"messageId":"msg_1"}')

    with override_transport(take):
        assert main(["publish-many", "--url", URL, "--json", "--json-lines", str(tmp_path / "lines")]) == 1
    output, errors = capsys.readouterr()
    assert json.loads(output) == {
        "accepted": 2,
        "failed": [{"line": 2, "error": "was refused: QStash answered 400: no"}],
    }
    assert errors.startswith(f"qstash-integrations publish-many: line 2 of {tmp_path / 'lines'} was refused: ")
    batch, *single = sent
    # Whatever the batch has left with QStash is delivered once.
    ids = [item["headers"]["Upstash-Deduplication-Id"] for item in json.loads(batch.body or b"")]
    assert [dict(one.headers)["Upstash-Deduplication-Id"] for one in single] == ids


def test_what_qstash_refuses_is_one_line_and_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lines").write_text("1\n2\n3\n")
    with override_transport(lambda request: APIResponse(401, b'{"error":"unauthorized"}')):
        assert main(["publish-many", "--url", URL, "--json-lines", str(tmp_path / "lines")]) == 1
    assert capsys.readouterr() == (
        "",
        "qstash-integrations publish-many: QStash answered 401: unauthorized; QSTASH_TOKEN is no token "
        "of the QStash at QSTASH_URL: copy it from the console, where each region has its own, or from what "
        "qstash-integrations dev prints; 0 messages were accepted before\n",
    )


MISTAKES: dict[str, tuple[list[str], str]] = {
    "no url": ([], "Missing option '--url'"),
    "a bad url": (["--url", "nonsense"], "must start with https:// or http://"),
    "no chunk": (["--url", URL, "--chunk-size", "0"], "0 is not in the range x>=1"),
}


@pytest.mark.parametrize(("options", "text"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_usage_errors(options: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish-many", *options]) == 2
    assert text in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "nothing")
    assert main(["publish-many", "--url", URL, "--json-lines", file]) == 1
    assert (
        capsys.readouterr().err == f"qstash-integrations publish-many: --json-lines {file}: No such file or directory\n"
    )


def test_a_missing_token_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("QSTASH_TOKEN")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1\n")))
    assert main(["publish-many", "--url", URL]) == 1
    assert "QSTASH_TOKEN is not set" in capsys.readouterr().err


def test_ctrl_c_tells_how_far_it_came(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lines").write_text("1\n2\n3\n")
    calls: list[APIRequest] = []

    def interrupted(request: APIRequest) -> APIResponse:
        calls.append(request)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return APIResponse(201, b'[{"messageId":"msg_1"}]')

    arguments = ["publish-many", "--url", URL, "--json-lines", str(tmp_path / "lines"), "--chunk-size", "1"]
    with override_transport(interrupted):
        assert main(arguments) == 130
    assert capsys.readouterr() == ("", "\ninterrupted; 1 message was accepted before\n")


@pytest.mark.system
def test_on_a_terminal_there_is_a_bar(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("1\n2\n3\n4\n")
    ours, terminal = pty.openpty()
    with loopback(RECEIPTS) as qstash:
        command = [sys.executable, "-m", "qstash_integrations", "publish-many", "--url", URL]
        ended = subprocess.run(
            [*command, "--json-lines", str(tmp_path / "lines"), "--chunk-size", "2"],
            env={**os.environ, "QSTASH_URL": qstash.url},
            stdout=subprocess.PIPE,
            stderr=terminal,
            timeout=60,
        )
    os.close(terminal)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert (ended.returncode, ended.stdout) == (0, b"4 messages published\n")
    drawn = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert re.search(r"━ +0% messages\r.*━ 100% 4 messages", drawn, re.DOTALL)
