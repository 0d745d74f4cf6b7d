"""Routes of Flask: views, classes, blueprints that are protected, tasks."""

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView

from qstash_integrations.flask import QStash, protect, verify_qstash
from qstash_integrations.flask.listing import routes_of
from qstash_integrations.tasks import task
from tests.routes.shown import lines


@task(name="shop.ship")
def ship(order_id: int) -> None: ...


def view() -> str:
    return ""


class Things(MethodView):
    decorators = [verify_qstash]  # noqa: RUF012 - as Flask has it

    def post(self) -> str:
        return ""


def test_views_classes_and_protected_blueprints_are_told_from_open_views() -> None:
    app, inner, outer = Flask(__name__), Blueprint("inner", __name__), Blueprint("outer", __name__, url_prefix="/o")
    app.add_url_rule("/", view_func=view)
    app.add_url_rule("/hooks/<int:n>", endpoint="hook", view_func=verify_qstash(view), methods=["POST"])
    app.add_url_rule("/things", view_func=Things.as_view("things"))
    inner.add_url_rule("/in", view_func=view, methods=["POST"])
    outer.register_blueprint(inner)
    app.register_blueprint(protect(outer))
    assert lines(routes_of(app)) == [
        "GET / open",
        "POST /hooks/<int:n> endpoint",
        "POST /things endpoint",
        "POST /o/in hook",
    ]


def test_tasks_have_a_route_each() -> None:
    app = Flask(__name__)
    QStash(app, tasks=[ship])
    (route,) = routes_of(app)
    assert lines([route]) == ["POST /qstash/tasks/shop.ship endpoint task shop.ship"]
    assert route.urls == ("https://api.example.com/qstash/tasks/shop.ship",)


def test_the_url_is_that_of_the_configuration_with_its_mount(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QSTASH_PUBLIC_URL")
    app = Flask(__name__)
    app.config.update(TRUSTED_HOSTS=["a.example", "b.example"], APPLICATION_ROOT="/shop")
    app.add_url_rule("/ship", view_func=verify_qstash(view), methods=["POST"])
    assert routes_of(app)[0].urls == ("https://a.example/shop/ship", "https://b.example/shop/ship")


def test_a_missing_setting_is_the_problem_of_the_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QSTASH_CURRENT_SIGNING_KEY")
    app = Flask(__name__)
    app.add_url_rule("/ship", view_func=verify_qstash(view), methods=["POST"])
    verification = routes_of(app)[0].verification
    assert verification is not None
    assert str(verification.problem).startswith("QSTASH_CURRENT_SIGNING_KEY is not set")


def test_a_decorator_that_came_too_late_is_told() -> None:
    app = Flask(__name__)

    @verify_qstash
    @app.post("/ship")
    def late() -> str:
        return ""

    (route,) = routes_of(app)
    assert (route.verification, route.decorated_late) == (None, True)
