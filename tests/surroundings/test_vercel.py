"""Vercel's own runtime, which installs on Python 3.12 and later: ``conftest.py`` leaves this out before.

Its WSGI hands the raw path over as the decoded one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.signing import ORIGIN, signed

ROOT = Path(__file__).parents[2]
BODY = "hi"
URLS = ("/", "/hook?test=1", "/hook?q=a+b&b=%20&flag", "/~user", "/a%20b", "/h%C3%A9", "/a%2Fb", "/a%2520b", "/a%3Fb")
ENCODED = {"/a%20b", "/h%C3%A9", "/a%2Fb", "/a%2520b", "/a%3Fb"}
# Signed for the first, sent to the second.
FORGED = (("/hook", "/other"), ("/a%2Fb", "/a/b"), ("/hook?a=1", "/hook?a=2"), ("/x/%2e%2e/hook", "/hook"))


def statuses(app: str, match: str, pairs: Iterable[tuple[str, str]]) -> list[int]:
    """The answers to requests, each signed for the first URL of a pair and sent to the second."""
    lines = [
        json.dumps(
            {
                "method": "POST",
                "path": target,
                "headers": {"host": "api.example.com", "upstash-signature": signed(BODY.encode(), ORIGIN + url)},
                "body": BODY,
            }
        )
        for url, target in pairs
    ]
    done = subprocess.run(
        [sys.executable, "-m", "tests.surroundings.vercel", app],
        input="\n".join(lines),
        env={**os.environ, "URL_MATCH": match},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[int] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize(
    ("app", "match"), [("flask_app", "exact"), ("flask_app", "decoded"), ("starlette_app", "exact")]
)
def test_an_encoded_path_needs_decoded_under_wsgi(app: str, match: str) -> None:
    answers = statuses(app, match, [*((url, url) for url in URLS), *FORGED])
    missed = ENCODED if (app, match) == ("flask_app", "exact") else set()
    assert {url for url, answer in zip(URLS, answers, strict=False) if answer != 200} == missed
    assert answers[len(URLS) :] == [401] * len(FORGED)
