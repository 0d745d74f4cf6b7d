"""What a command does not need it does not import: each starts as fast as it can."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = {"httpcore", "httpx", "jwt", "pydantic", "rich", "sqlalchemy", "starlette", "uvicorn"}


@pytest.mark.system
@pytest.mark.parametrize("typed", ["--help", "--version", "dev --help", "keys --help"])
def test_a_help_needs_nothing_slow(typed: str) -> None:
    program = (
        "import sys\n"
        "from qstash_integrations.cli import main\n"
        f"code = main({typed.split()})\n"
        f"print(sorted({SLOW} & set(sys.modules)), code, file=sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.stderr == "[] 0\n"


APPS = {
    "starlette": "from starlette.applications import Starlette\napp = Starlette()\n",
    "flask": "from flask import Flask\napp = Flask(__name__)\n",
    "aiohttp": "from aiohttp import web\napp = web.Application()\n",
    "django": (
        "from django.conf import settings\n"
        "settings.configure(ROOT_URLCONF='shop', INSTALLED_APPS=['qstash_integrations.django'])\n"
        "urlpatterns = []\n"
        "from django.core.wsgi import get_wsgi_application\n"
        "app = get_wsgi_application()\n"
    ),
}


@pytest.mark.system
@pytest.mark.parametrize("framework", APPS)
def test_an_app_without_tasks_has_its_commands_without_pydantic(framework: str, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(APPS[framework], encoding="utf-8")
    program = (
        "import sys\n"
        "sys.modules['pydantic'] = sys.modules['rich'] = None\n"
        "from qstash_integrations.cli import main\n"
        "codes = [main([*typed.split(), '--app', 'shop:app']) for typed in ('routes', 'doctor --offline')]\n"
        "print(codes[0], codes[1] in (0, 1), file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "QSTASH_PUBLIC_URL": "https://shop.example"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stderr.endswith("0 True\n"), ended.stderr


OTHERS = {
    "app": (0, "https://shop.example/", ""),
    "inner": (1, "", "qstash-integrations routes: --app shop:inner is of no framework whose routes can be listed\n"),
    "tasks": (1, "", "qstash-integrations routes: --app shop:tasks is of no framework whose routes can be listed\n"),
}


@pytest.mark.system
@pytest.mark.parametrize("name", OTHERS)
def test_of_an_app_without_a_framework_there_is_what_it_shows(name: str, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from qstash_integrations.asgi import QStashMiddleware\n"
        "from qstash_integrations.tasks import TasksApp, task\n"
        "async def inner(scope, receive, send): ...\n"
        "@task\n"
        "def ship() -> None: ...\n"
        "app, tasks = QStashMiddleware(inner), TasksApp([ship])\n",
        encoding="utf-8",
    )
    ended = subprocess.run(
        [sys.executable, "-m", "qstash_integrations", "routes", "--app", f"shop:{name}"],
        cwd=tmp_path,
        env={**os.environ, "QSTASH_PUBLIC_URL": "https://shop.example"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    code, url, said = OTHERS[name]
    assert (ended.returncode, ended.stderr) == (code, said)
    assert url in ended.stdout
