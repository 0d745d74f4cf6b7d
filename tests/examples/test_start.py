"""The example apps start as their users start them: from the checkout, and from wherever a wheel has put them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.apps import ENVIRONMENT

EXAMPLES = Path(__file__).parents[2] / "example_apps"
MODULES = ["starlette_app", "fastapi_app", "flask_app", "django_app.wsgi", "django_app.asgi", "fastapi_outbox"]


def run(*arguments: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
    return subprocess.run(
        command, cwd=directory, env={**inherited, **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.system
@pytest.mark.parametrize("package", ["example_apps", "somewhere_else._examples"])
def test_every_app_can_be_imported_from_anywhere(tmp_path: Path, package: str) -> None:
    shutil.copytree(EXAMPLES, tmp_path / package.replace(".", "/"), ignore=shutil.ignore_patterns("__pycache__"))
    imports = "; ".join(f"import {package}.{module}" for module in MODULES)
    done = run("-W", "error", "-c", imports, directory=tmp_path, **ENVIRONMENT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.system
@pytest.mark.parametrize("project", ["django_app", "django_outbox", "shop"])
def test_manage_py_checks_the_settings(project: str) -> None:
    manage = str(EXAMPLES / project / "manage.py")
    done = run(manage, "check", directory=EXAMPLES.parent, **ENVIRONMENT)
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n")
    without_keys = run(manage, "check", directory=EXAMPLES.parent)
    assert without_keys.returncode == 0
    assert "(qstash.W001) QSTASH_CURRENT_SIGNING_KEY is not set" in without_keys.stderr


@pytest.mark.system
def test_the_shop_is_ready_to_be_deployed() -> None:
    told = {
        **ENVIRONMENT,
        "SECRET_KEY": "long, random, the same for every process" * 2,
        "ALLOWED_HOSTS": "shop.example",
    }
    manage = str(EXAMPLES / "shop" / "manage.py")
    done = run(manage, "check", "--deploy", directory=EXAMPLES.parent, **told)
    assert done.returncode == 0
    # The proxy sees to these two, as it ends TLS.
    assert set(re.findall(r"\(([a-z]+\.W\d+)\)", done.stderr)) == {"security.W004", "security.W008"}
    drifted = run(manage, "makemigrations", "--check", "--dry-run", directory=EXAMPLES.parent, **told)
    assert (drifted.returncode, drifted.stdout) == (0, "No changes detected\n")
