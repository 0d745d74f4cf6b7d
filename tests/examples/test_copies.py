"""The example apps' own tests, copied with them to wherever their users keep them, and run there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

EXAMPLES = Path(__file__).parents[2] / "example_apps"
TESTS = {
    "starlette_app": (),
    "fastapi_app": (),
    "flask_app": (),
    "django_app": ("--ds", "example_apps.django_app.settings"),
    "fastapi_outbox": (),
    "django_outbox": ("--ds", "example_apps.django_outbox.settings"),
}


@pytest.mark.parametrize("app", TESTS)
def test_they_pass_where_they_are_copied_to(app: str, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "example_apps", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function\n"
    )
    test = f"example_apps/tests/test_{app}.py"
    done = run("pytest", "-p", "no:cacheprovider", test, *TESTS[app], directory=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_those_of_the_shop_pass_where_it_is_copied_to(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "shop", tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    strictly = ("-W", "error", "-o", "asyncio_default_fixture_loop_scope=function", "-p", "no:cacheprovider")
    done = run("pytest", *strictly, directory=tmp_path / "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_the_flask_apps_need_no_pytest(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "example_apps", ignore=shutil.ignore_patterns("__pycache__"))
    done = run("unittest", "example_apps.tests.test_flask_app", directory=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1:]) == (0, ["OK"]), done.stderr


def test_there_is_one_for_every_app() -> None:
    apps = {path.name.removesuffix(".py") for kind in ("*_app*", "*_outbox*") for path in EXAMPLES.glob(kind)}
    assert apps == set(TESTS)


def run(module: str, *arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
    )
