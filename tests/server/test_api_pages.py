"""The dashboard's files: the same for everybody, shut off from every other site, and found by exact name only."""

from collections.abc import Iterator

import pytest

from qstash_integrations.server.api import LOCAL_NAMES, Access, Api
from tests.hosts import Answer, Request, asgi_send
from tests.server.local import TOKEN, Local

CODE = "TESTONLY-code"
HOST = ("Host", "127.0.0.1:8080")


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local()
    yield local
    local.engine.close()


def get(local: Local, target: str, *headers: tuple[str, str], method: str = "GET") -> Answer:
    return local.send(Request(target, [HOST, *headers], method=method))


def test_the_page_needs_no_token_and_holds_none(local: Local) -> None:
    answer = get(local, "/")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"<title>Local QStash</title>" in answer.body
    assert TOKEN.encode() not in answer.body


@pytest.mark.parametrize(
    ("path", "kind"),
    {
        "/dashboard/app.js": "text/javascript; charset=utf-8",
        "/dashboard/style.css": "text/css; charset=utf-8",
        "/dashboard/favicon.svg": "image/svg+xml",
    }.items(),
)
def test_its_files_have_their_types(local: Local, path: str, kind: str) -> None:
    answer = get(local, path)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)


@pytest.mark.parametrize("path", ["/", "/dashboard/app.js", "/dashboard/style.css", "/dashboard/favicon.svg"])
def test_D1_D4_D5_no_file_runs_or_is_framed_or_kept(local: Local, path: str) -> None:
    headers = get(local, path).headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/",
        "/dashboard/index.html",
        "/dashboard/__init__.py",
        "/dashboard/../__init__.py",
        "/dashboard/%61pp.js",
        "/dashboard/APP.JS",
        "/dashboard//app.js",
        "/dashboard/app.js/",
        "/index.html",
        "//",
        "/favicon.ico",
    ],
)
def test_D9_a_path_that_is_no_name_in_the_table_is_part_of_the_api(local: Local, path: str) -> None:
    assert get(local, path).status == 401


def test_a_page_is_only_for_looking(local: Local) -> None:
    assert get(local, "/", method="POST").status == 401
    assert get(local, "/", method="HEAD").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "script"},
    ],
    ids=str,
)
def test_a_page_is_opened_from_anywhere(local: Local, headers: dict[str, str]) -> None:
    assert get(local, "/", *headers.items()).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, 403),
        ({"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
    ],
    ids=str,
)
def test_no_other_site_gets_hold_of_a_page(local: Local, headers: dict[str, str], status: int) -> None:
    assert get(local, "/", *headers.items()).status == status


def test_D3_a_name_that_was_made_to_point_here_shows_no_page(local: Local) -> None:
    navigation = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
    assert local.send(Request("/", [("Host", "evil.example"), *navigation], method="GET")).status == 421


def test_a_followed_link_does_not_reach_the_api(local: Local) -> None:
    navigation = (("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"))
    assert get(local, f"/v2/keys?qstash_token={TOKEN}", *navigation).status == 403
    assert get(local, f"/_local/overview?qstash_token={TOKEN}", *navigation).status == 403


class Exchange:
    """A server whose dashboard is opened with a code."""

    def __init__(self, local: Local, code: str | None) -> None:
        self._send = asgi_send(Api(local.engine, Access(TOKEN, LOCAL_NAMES, code=code)))

    def __call__(self, code: str, **headers: str) -> tuple[int, bytes]:
        fields = [("Authorization", f"Bearer {code}"), HOST, *headers.items()]
        answer = self._send(Request("/_local/token", fields))
        return answer.status, answer.body


def test_D6_a_code_is_worth_the_token_once(local: Local) -> None:
    exchange = Exchange(local, CODE)
    assert exchange("wrong")[0] == 401
    assert exchange(CODE) == (200, b'{"token":"TESTONLY-token"}')
    assert exchange(CODE) == (401, b'{"error":"unable to authenticate: invalid token"}')


def test_another_site_cannot_use_up_the_code(local: Local) -> None:
    exchange = Exchange(local, CODE)
    assert exchange(CODE, origin="https://evil.example")[0] == 403
    assert exchange(CODE)[0] == 200


@pytest.mark.parametrize("code", ["", "None", TOKEN])
def test_where_there_is_no_code_nothing_is_worth_the_token(local: Local, code: str) -> None:
    assert Exchange(local, None)(code)[0] == 401


def test_a_code_is_not_the_token(local: Local) -> None:
    access = Access(TOKEN, LOCAL_NAMES, code=CODE)
    headers = {"host": "localhost", "authorization": f"Bearer {CODE}"}
    assert access.refusal(headers, "") == (401, "unable to authenticate: invalid token")
    assert CODE not in repr(access)
