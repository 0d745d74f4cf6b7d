"""``current_delivery`` in Flask, whose threads serve anybody next, and whose views call others in process."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from flask import Blueprint, Flask, Response, current_app, send_file

from qstash_integrations import current_delivery
from qstash_integrations.flask import protect, verify_qstash
from tests.contract.harnesses import current
from tests.flask.apps import new_app, raises, send


def open_view() -> str:
    return "open" if current() is None else "lent"


def body_of_delivery() -> str:
    return current_delivery().claims.sub.rpartition("/")[2]


def from_a_thread() -> str:
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(copy_context().run, body_of_delivery).result()


def streamed() -> Iterator[str]:
    # Without stream_with_context: Flask itself has no context here.
    yield body_of_delivery()


def calls_the_open_one() -> str:
    with current_app.test_client() as client:
        within = client.get("/open").text
    return within + current_app.test_client().get("/open").text + body_of_delivery()


def fails_in_teardown(error: BaseException | None) -> None:
    raise LookupError("no such order")


@pytest.fixture(params=["verified", "protected"])
def app(request: pytest.FixtureRequest) -> Flask:
    """With views that are verified one by one, or by their blueprint."""
    app = new_app()
    app.add_url_rule("/open", view_func=open_view)
    hooks = Blueprint("hooks", "shop", url_prefix="/hooks")
    protected = request.param == "protected"
    if protected:
        protect(hooks)
    for name, view in {
        "ship": body_of_delivery,
        "thread": from_a_thread,
        "stream": streamed,
        "created": lambda: (streamed(), 201),
        "response": lambda: Response(streamed()),
        "nested": calls_the_open_one,
        "broken": raises(LookupError("no such order")),
    }.items():
        hooks.add_url_rule(name, name, view if protected else verify_qstash(view), methods=["POST"])
    app.register_blueprint(hooks)
    return app


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("ship", b"ship"),
        ("thread", b"thread"),
        ("stream", b"stream"),
        ("created", b"created"),
        ("response", b"response"),
        ("nested", b"openopennested"),
    ],
)
def test_only_what_belongs_to_the_request_finds_it(app: Flask, path: str, body: bytes) -> None:
    assert send(app, f"/hooks/{path}").body == body
    assert current() is None


def test_the_next_request_of_the_thread_does_not_after_an_error(app: Flask) -> None:
    assert send(app, "/hooks/broken").status == 500
    assert send(app, "/open", method="GET").body == b"open"


def test_nor_after_an_error_of_another_teardown_function(app: Flask) -> None:
    app.teardown_request_funcs["hooks"].append(fails_in_teardown)  # the last one runs first
    with pytest.raises(LookupError):
        send(app, "/hooks/ship")
    assert current() is None
    assert send(app, "/open", method="GET").body == b"open"


def test_nor_in_an_app_context_that_outlives_it(app: Flask) -> None:
    with app.app_context():
        assert send(app, "/hooks/ship").body == b"ship"
        assert current() is None
        assert send(app, "/open", method="GET").body == b"open"


def test_a_file_is_handed_to_the_server_as_it_is(app: Flask) -> None:
    def label() -> Response:
        return send_file(__file__)

    app.add_url_rule("/hooks/label", view_func=verify_qstash(label), methods=["POST"])
    assert send(app, "/hooks/label").body.startswith(b'"""``current_delivery``')
