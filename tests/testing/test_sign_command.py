"""``qstash-integrations sign``: a request as QStash would make it, for curl or any other tool."""

import io
import shlex
import sys
from pathlib import Path

import pytest

from qstash_integrations import Receiver, SignatureError
from qstash_integrations.cli import main
from tests.signing import CURRENT, NEXT

URL = "https://api.example.com/hooks/ship"
RECEIVER = Receiver(CURRENT, NEXT)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", CURRENT)


def signature(headers: list[str]) -> str:
    return dict(header.split(": ", 1) for header in headers)["Upstash-Signature"]


def test_it_prints_the_headers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", "--url", URL, "--body", "hi"]) == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["Upstash-Signature", "Upstash-Message-Id", "Upstash-Retried"]
    assert RECEIVER.verify(signature=signature(lines), body=b"hi", url=URL).sub == URL
    assert CURRENT not in printed


def test_the_body_may_be_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "order.json").write_bytes(b'{"id": 3}\n')
    assert main(["sign", "--url", URL, "--body", f"@{tmp_path / 'order.json'}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert RECEIVER.verify(signature=signature(lines), body=b'{"id": 3}\n', url=URL).key == "current"


def test_or_come_from_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\x00")))
    assert main(["sign", "--url", URL, "--body", "@-"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert RECEIVER.verify(signature=signature(lines), body=b"\xff\x00", url=URL).key == "current"


def test_it_prints_a_curl_command(capsys: pytest.CaptureFixture[str]) -> None:
    body = 'it\'s "3"'
    assert main(["sign", "--url", f"{URL}?a=b&c=d", "--body", body, "--method", "PUT", "--curl"]) == 0
    printed = capsys.readouterr().out
    assert [line.split()[0] for line in printed.splitlines()] == ["curl", *["-H"] * 4, "--data-binary"]
    words = shlex.split(printed.replace("\\\n", ""))
    assert words[:5] == ["curl", "-i", "-X", "PUT", f"{URL}?a=b&c=d"]
    assert words[-2:] == ["--data-binary", body]
    headers = words[6:-2:2]
    assert "Content-Type: application/json" in headers
    assert RECEIVER.verify(signature=signature(headers), body=body, url=f"{URL}?a=b&c=d").key == "current"


WRONG: dict[str, tuple[list[str], str]] = {
    "a number": (["exp=0"], "expired"),
    "a text": (["iss=Evil"], "issuer"),
    "left out": (["body=null"], "malformed"),
    "several": (["sub=https://evil.example", "jti=jwt_1"], "url_mismatch"),
}


@pytest.mark.parametrize(("claims", "reason"), WRONG.values(), ids=WRONG)
def test_claims_can_be_wrong(claims: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = [word for claim in claims for word in ("--claim", claim)]
    assert main(["sign", "--url", URL, *options]) == 0
    printed = signature(capsys.readouterr().out.splitlines())
    with pytest.raises(SignatureError) as refused:
        RECEIVER.verify(signature=printed, body=b"", url=URL)
    assert refused.value.reason == reason


REFUSED: dict[str, tuple[list[str], str]] = {
    "no such file": (["--body", "@nowhere"], "--body @nowhere: No such file or directory"),
    "no such claim": (["--claim", "key=x"], "--claim takes NAME=VALUE with one of aud, body, exp, "),
    "no value": (["--claim", "exp"], "--claim takes NAME=VALUE with one of "),
}


@pytest.mark.parametrize(("options", "text"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_one_line(options: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", "--url", URL, *options]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"qstash-integrations sign: {text}")
    assert told.count("\n") == 1


def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("QSTASH_CURRENT_SIGNING_KEY")
    assert main(["sign", "--url", URL]) == 1
    assert "QSTASH_CURRENT_SIGNING_KEY is not set" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["/hooks/ship", "api.example.com/hook", "https://api.example.com/../hook"])
def test_a_url_is_one_that_can_be_published_to(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", "--url", url]) == 2
    told = capsys.readouterr().err
    assert "Invalid value for '--url': it must start with" in told or "it has a '.' or '..' segment" in told
