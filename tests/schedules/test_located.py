"""``--app``: apps of all frameworks, factories, modules with schedules, and what is none of these."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.routing import Mount

from qstash_integrations import ConfigurationError, fastapi, starlette
from qstash_integrations.flask import QStash
from qstash_integrations.located import located
from qstash_integrations.schedules import schedules_in
from qstash_integrations.tasks import TasksApp, schedule, task
from tests.django.project import wsgi_app
from tests.schedules.account import TOKEN, URL, Account, daily
from tests.signing import CURRENT, NEXT

ORIGIN = "https://shop.example"
PUBLISHERS: dict[Any, Any] = {Starlette: starlette.QStash, FastAPI: fastapi.QStash}


@task
def report(region: str) -> None: ...


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "QSTASH_TOKEN": TOKEN,
        "QSTASH_URL": "http://127.0.0.1:8080",
        "QSTASH_PUBLIC_URL": ORIGIN,
        "QSTASH_CURRENT_SIGNING_KEY": CURRENT,
        "QSTASH_NEXT_SIGNING_KEY": NEXT,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Known as ``code_of_the_shop.main``."""
    made = ModuleType("code_of_the_shop.main")
    monkeypatch.setitem(sys.modules, "code_of_the_shop", ModuleType("code_of_the_shop"))
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def names_in(app: str) -> list[str]:
    with located(app) as found:
        return [one.name for one in found.schedules().schedules]


def flask_app(**options: Any) -> Flask:
    app = Flask("code_of_the_shop.main")
    QStash(app, **options)
    return app


class Around:
    """Middleware, as most of it is written."""

    def __init__(self, app: Any) -> None:
        self.app = app


def test_a_module_with_schedules(module: Any) -> None:
    module.one = daily("one")
    module.again = module.one
    module.several = [daily("two"), daily("three"), "no schedule"]
    module.by_name = {"four": daily("four")}
    module.nested = [[daily("too-deep")]]
    assert names_in("code_of_the_shop.main") == ["one", "two", "three", "four"]


def test_a_list_in_a_module(module: Any) -> None:
    module.one, module.several = daily("one"), [daily("two")]
    assert names_in("code_of_the_shop.main:several") == ["two"]


def test_a_flask_app_has_what_it_was_given_and_what_stands_beside_it(module: Any) -> None:
    other = ModuleType("other")
    other.two = daily("two")  # type: ignore[attr-defined]
    module.one = daily("one")
    module.shop = flask_app(schedules=[other, daily("three")])
    assert names_in("code_of_the_shop.main:shop") == ["two", "three", "one"]


@pytest.mark.parametrize("name", ["app", "application"])
def test_an_app_of_the_usual_name_need_not_be_named(module: Any, name: str) -> None:
    setattr(module, name, flask_app(schedules=[daily("one")]))
    assert names_in("code_of_the_shop.main") == ["one"]


@pytest.mark.parametrize("called", ["create_app", "create_app()"])
def test_a_factory(module: Any, called: str) -> None:
    module.create_app = lambda: flask_app(schedules=[daily("one")])
    assert names_in(f"code_of_the_shop.main:{called}") == ["one"]


def test_an_app_in_middleware(module: Any) -> None:
    module.app = Around(Around(flask_app(schedules=[daily("one")])))
    assert names_in("code_of_the_shop.main:app") == ["one"]


@pytest.mark.parametrize("kind", [Starlette, FastAPI])
def test_a_starlette_app_has_what_it_was_given_and_what_stands_beside_it(module: Any, kind: Any) -> None:
    tasks = ModuleType("tasks_of_the_shop")
    tasks.report, tasks.two = report, schedule("two", "0 7 * * *", report.bind(region="eu"))  # type: ignore[attr-defined]
    module.one, module.app = daily("one"), kind()
    PUBLISHERS[kind](module.app, tasks=tasks, tasks_path="/jobs", schedules=[daily("three")])
    with located("code_of_the_shop.main") as app:
        here = app.schedules()
        found = {one.name: one.planned(here.task_url)["destination"] for one in here.schedules}
        assert here.client.base_url == "http://127.0.0.1:8080"
    assert found == {"two": f"{ORIGIN}/jobs/{report.name}?of=3", "three": URL, "one": URL}


def test_an_app_mounted_in_another_one_is_found(module: Any) -> None:
    inner = Starlette()
    starlette.QStash(inner, tasks=[report], schedules=schedule("daily", "0 7 * * *", report, kwargs={"region": "eu"}))
    module.app = Starlette(routes=[Mount("/v1", app=Around(inner))])
    with located("code_of_the_shop.main:app") as app:
        here = app.schedules()
        found = {one.name: one.planned(here.task_url)["destination"] for one in here.schedules}
    assert found["daily"] == f"{ORIGIN}/v1/qstash/tasks/{report.name}?of=3"


def test_an_app_without_the_publisher_is_told(module: Any) -> None:
    module.app = Starlette()
    with (
        pytest.raises(ConfigurationError, match=r"QStash\(app\) was not called"),
        located("code_of_the_shop.main") as app,
    ):
        app.schedules()


def test_an_app_of_tasks_alone(module: Any) -> None:
    tasks = ModuleType("tasks_of_the_shop")
    tasks.report, tasks.one = report, daily("one")  # type: ignore[attr-defined]
    module.app, module.two = Around(TasksApp(tasks)), daily("two")
    assert names_in("code_of_the_shop.main:app") == ["one", "two"]


def test_a_task_brings_the_schedules_of_its_module(module: Any) -> None:
    """As in an app of one file."""
    module.__dict__.update(task=task, schedule=schedule)
    exec(
        "@task\ndef ship(order_id: int) -> None: ...\ndaily = schedule('daily', '0 7 * * *', ship.bind(order_id=3))",
        module.__dict__,
    )
    app = Flask("another.module")
    QStash(app, tasks=[module.ship])
    module.shop = app
    assert names_in("code_of_the_shop.main:shop") == ["daily"]


def test_any_other_app_has_those_of_its_module(module: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    module.app, module.one = app, daily("one")
    assert names_in("code_of_the_shop.main:app") == ["one"]
    assert names_in("code_of_the_shop.main") == ["one"]


def test_a_django_project_by_its_handler(module: Any) -> None:
    module.application = wsgi_app()
    with located("code_of_the_shop.main:application") as app:
        assert type(app.client()).__module__ == "qstash_integrations.django.publisher"


def test_tasks_are_where_the_app_serves_them(module: Any) -> None:
    module.daily = schedule("daily", "0 7 * * *", report.bind(region="eu"))
    module.app = flask_app()
    for app in ("code_of_the_shop.main:app", "code_of_the_shop.main:daily"):
        with located(app) as shop:
            here = shop.schedules()
            [one] = here.schedules
            destination = one.planned(here.task_url)["destination"]
        assert destination == f"{ORIGIN}/qstash/tasks/{report.name}?of=3"


WRONG = {
    "no such module": ("shopp.main:app", "--app: there is no module 'shopp', of 'shopp.main'"),
    "no such module below": ("tests.shopp", "--app: there is no module 'tests.shopp'"),
    "no such attribute": ("code_of_the_shop.main:ap", "--app: code_of_the_shop.main has no 'ap'"),
    "a file": ("shop/main.py:app", "--app must be the dotted name of a module, not 'shop/main.py'"),
    "nothing": ("", "--app must be the dotted name of a module, not ''"),
    "relative": (".main", "--app must be the dotted name of a module, not '.main'"),
}


@pytest.mark.parametrize(("app", "problem"), WRONG.values(), ids=WRONG)
def test_what_is_no_app(module: Any, app: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught, located(app):
        pass
    assert str(caught.value) == problem


def test_no_app_at_all() -> None:
    with (
        pytest.raises(
            ConfigurationError, match=r"^there is no app here; name yours, as in --app .* DJANGO_SETTINGS_MODULE"
        ),
        located(None),
    ):
        pass


@pytest.mark.parametrize("value", [3, "no module", object()], ids=["a number", "a text", "an object"])
def test_what_has_no_schedules(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^schedules(?: must be|: there is)"):
        schedules_in(value)


def test_what_fails_within_the_module_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_shop.py").write_text("import a_module_that_is_missing\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_missing"), located("broken_shop"):
        pass


@pytest.mark.system
def test_the_command_finds_modules_where_it_is_run(tmp_path: Path) -> None:
    (tmp_path / "shop_here.py").write_text(
        f"from qstash_integrations.tasks import schedule\ndaily = schedule('daily', '0 7 * * *', destination='{URL}')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "qstash_integrations", "schedules", "plan", "--app", "shop_here"],
        cwd=tmp_path,
        env={**os.environ, "QSTASH_URL": "http://127.0.0.1:9", "QSTASH_APP": "shop", "QSTASH_ENVIRONMENT": "prod"},
        capture_output=True,
        text=True,
        check=False,
    )
    # It was found: what is missing is QStash.
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("qstash-integrations schedules plan: no answer from http://127.0.0.1:9")


DJANGO_SHOP = {
    "shop/__init__.py": "",
    "shop/tasks.py": "from qstash_integrations.tasks import schedule, task\n"
    "@task\n"
    "def report(region: str) -> None: ...\n"
    "daily = schedule('daily', '0 7 * * *', report.bind(region='eu'))\n",
    "shop/schedules.py": f"from qstash_integrations.tasks import schedule\n"
    f"from shop.tasks import daily\n"
    f"ping = schedule('ping', '* * * * *', destination='{URL}')\n",
    "shop/settings.py": "SECRET_KEY = 'x'\nINSTALLED_APPS = ['qstash_integrations.django', 'shop']\n"
    "QSTASH = {'APP': 'shop', 'ENVIRONMENT': 'prod', 'PUBLIC_URL': 'https://shop.example'}\n",
}


@pytest.mark.system
@pytest.mark.parametrize(
    "command",
    [["-m", "django", "qstash", "schedules"], ["-m", "qstash_integrations", "schedules"]],
    ids=["manage.py", "qstash-integrations"],
)
def test_a_django_project_s_apps_are_looked_through(tmp_path: Path, command: list[str]) -> None:
    for name, text in DJANGO_SHOP.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    program = (
        "import runpy, sys\n"
        "from qstash_integrations._core.publishing.client import APIResponse, override_transport\n"
        "module, sys.argv = sys.argv[2], sys.argv[2:]\n"
        "with override_transport(lambda request: APIResponse(200, b'[]')):\n"
        "    runpy.run_module(module, run_name='__main__')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *command, "check"],
        cwd=tmp_path,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "shop.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    assert ended.stdout == (
        "+ shop.prod.daily is not there yet\n"
        "    0 7 * * * to https://shop.example/qstash/tasks/shop.tasks.report?of=3\n"
        "+ shop.prod.ping is not there yet\n"
        f"    * * * * * to {URL}\n"
        "0 unchanged, 2 to look at, 0 of others (never touched)\n"
    )
    assert ended.returncode == 2


def test_an_app_command_of_the_same_name_stays() -> None:
    app = Flask("shop")

    @app.cli.command("qstash")
    def mine() -> None: ...

    QStash(app)
    assert app.cli.commands["qstash"] is mine


def test_the_account_of_the_app_is_asked(account: Account, module: Any) -> None:
    module.app = flask_app(schedules=[daily()])
    with located("code_of_the_shop.main:app") as app:
        assert app.client().base_url == "http://127.0.0.1:8080"
        assert app.client().schedule.list() == []
