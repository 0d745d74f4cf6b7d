"""Each example as it is deployed: by its line, beside the local QStash of the Compose file, a message goes round."""

import ast
import re
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from tests.examples.composed import EXAMPLES, SERVICES, Composed
from tests.waiting import PATIENCE, wait_until

SMALL = sorted(
    path.name.removesuffix(".py")
    for kind in ("*_app", "*_app.py", "*_outbox", "*_outbox.py")
    for path in EXAMPLES.glob(kind)
)


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Generator[Composed]:
    composed = Composed(tmp_path_factory.mktemp("composed"))
    with composed.running("qstash"):
        yield composed


@pytest.mark.system
@pytest.mark.parametrize("app", SMALL)
def test_by_its_line_an_example_serves_and_is_delivered_to(app: str, composed: Composed) -> None:
    has_database = app.endswith("_outbox")
    order, effect = ({"number": 3}, "parcels") if has_database else ({"id": 3}, "shipped")
    with composed.running(app):
        answer = httpx.post(f"{composed.app}/orders", json=order, trust_env=False, timeout=PATIENCE)
        assert answer.status_code == 202, composed.log(app)
        expected: Any = {"3": 1} if has_database else [3]
        wait_until(lambda: _get(f"{composed.app}/{effect}") == expected, otherwise=lambda: composed.log(app))


@pytest.mark.parametrize("app", SMALL)
def test_the_line_in_an_example_is_that_of_the_compose_file(app: str) -> None:
    path = EXAMPLES / app
    source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
    documented = re.findall(r"^    (.+)$", ast.get_docstring(ast.parse(source)) or "", re.MULTILINE)
    assert " ".join(documented) == _line(SERVICES[app]["command"])
    assert f"`docker compose --profile {app} up --build`" in source


def test_the_line_in_the_readme_of_the_shop_is_that_of_the_compose_file() -> None:
    text = (EXAMPLES / "shop" / "README.md").read_text(encoding="utf-8")
    lines = [line for service in ("release", "shop") for line in _line(SERVICES[service]["command"]).split(" && ")]
    lines.append(SERVICES["mail"]["command"].replace("0.0.0.0", "127.0.0.1"))
    assert [line for line in lines if f"\n$ {line}\n" not in text] == []


def test_the_lines_on_the_page_of_the_examples_are_those_of_the_compose_file() -> None:
    text = (EXAMPLES.parent / "docs" / "howto" / "examples.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\$ ((?:uvicorn|gunicorn) .*)$", text, re.MULTILINE)
    assert lines == [SERVICES["fastapi_app"]["command"], SERVICES["flask_app"]["command"]]


def test_each_example_is_a_profile_of_its_own() -> None:
    profiles = {name: service.get("profiles") for name, service in SERVICES.items()}
    assert profiles == {
        **{app: [app] for app in (*SMALL, "shop")},
        "release": ["shop"],
        "mail": ["shop"],
        "qstash": None,
    }


@pytest.mark.system
@pytest.mark.parametrize("file", ["example_apps/compose.yaml", "docs/compose.yaml"])
def test_compose_knows_every_word_of_the_file(file: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, EXAMPLES.parent / file], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _line(command: str) -> str:
    """Without the shell around it, and what has signals reach the last of its commands."""
    found = re.fullmatch(r'sh -c "(.*)"', command)
    return (found[1] if found else command).replace("exec ", "")


def _get(url: str) -> Any:
    return httpx.get(url, trust_env=False).json()
