"""What a task is called, and which tasks a mount serves."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations.tasks import Task, task
from qstash_integrations.tasks.mount import Mount

from . import shop


class Shop:
    @staticmethod
    def open_at(hour: int) -> None: ...


def test_a_function_is_named_by_its_module() -> None:
    assert shop.ship.name == "tests.tasks.shop.ship"
    assert task(Shop.open_at).name == "tests.tasks.test_naming.Shop.open_at"


def test_a_function_within_a_function_needs_a_name() -> None:
    def inner() -> None: ...

    with pytest.raises(TypeError, match=r"within a function, .* @task\(name='shop.ship'\)"):
        task(inner)
    assert task(name="shop.inner")(inner).name == "shop.inner"


def test_a_lambda_needs_a_name() -> None:
    with pytest.raises(TypeError, match="is a lambda"):
        task(lambda: None)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a?b", "ä", "a b", "x" * 201, "a\n"])
def test_what_is_no_segment_of_a_url_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"^name must be letters"):
        task(name=name)(shop.ship.function)
    with pytest.raises(ValueError, match=r"^also_known_as must be letters"):
        task(also_known_as=[name])(shop.ship.function)


MAIN = """
import sys
from qstash_integrations.tasks import task
@task
def ship() -> None: ...
print(ship.name)
"""


def told(tmp_path: Path, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    return (ended.stdout or ended.stderr).splitlines()[-1]


@pytest.mark.system
def test_main_is_named_by_what_python_was_given(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "nightly.py").write_text(MAIN)
    (package / "__main__.py").write_text(MAIN)
    assert told(tmp_path, "-m", "shop.nightly") == "shop.nightly.ship"
    assert told(tmp_path, "-m", "shop") == "shop.__main__.ship"
    assert told(tmp_path, "shop/nightly.py") == "nightly.ship"


@pytest.mark.system
def test_what_is_in_no_file_needs_a_name(tmp_path: Path) -> None:
    assert told(tmp_path, "-c", MAIN) == (
        "TypeError: ship is in no file, so that its name says nothing; give it one: @task(name='shop.ship')"
    )


@pytest.mark.parametrize(
    "wrong", [Shop, print, Shop(), shop.ship, 3], ids=["class", "builtin", "object", "task", "number"]
)
def test_a_task_is_a_function(wrong: Any) -> None:
    with pytest.raises(TypeError, match="a task is a function, not"):
        task(wrong)


def test_a_generator_is_no_task() -> None:
    def steps() -> Iterator[int]:
        yield 1

    with pytest.raises(TypeError, match="is a generator, of which a call runs nothing"):
        task(name="shop.steps")(steps)


def test_a_module_is_served_as_it_is() -> None:
    mount = Mount.of("tests.tasks.shop")
    assert mount.find("tests.tasks.shop.ship") is shop.ship
    assert mount.find("tests.tasks.shop.letters") is None
    assert Mount.of(shop).tasks.keys() == Mount.of([shop, "tests.tasks.shop", shop.mail]).tasks.keys()


def test_old_names_are_served() -> None:
    renamed = Task(shop.ship.function, "shop.ship", ["shop.send", "shop.post"], {})
    assert [Mount.of(renamed).find(name) for name in ("shop.ship", "shop.send", "shop.post")] == [renamed] * 3


def test_a_copy_beside_its_task_changes_nothing_of_how_it_runs() -> None:
    module = ModuleType("copies")
    module.__dict__.update(vip=shop.ship.using(queue="vip"), ship=shop.ship)
    assert Mount.of(module).find(shop.ship.name) is shop.ship


def test_two_functions_of_one_name_are_an_error() -> None:
    one, other = Task(shop.ship.function, "shop.ship", (), {}), Task(shop.mail.function, "shop.post", "shop.ship", {})
    with pytest.raises(
        ConfigurationError, match=r"two tasks are called shop.ship: ship in .*shop.py and mail in .*shop"
    ):
        Mount.of([one, other])


def test_a_module_that_was_imported_again_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Mount.of("tests.tasks.shop").find("tests.tasks.shop.ship")
    monkeypatch.delitem(sys.modules, "tests.tasks.shop")
    second = Mount.of("tests.tasks.shop").find("tests.tasks.shop.ship")
    assert first is not None
    assert second is not None
    assert first is not second
    Mount.of([first, second])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("tests.tasks.conftest", "tests.tasks.conftest has no tasks"),
        ("tests.tasks.nowhere", "there is no module tests.tasks.nowhere"),
        ("nowhere.tasks", "there is no module nowhere, of 'nowhere.tasks'"),
        (3, "tasks must be a module with tasks"),
        ([shop.ship, print], "tasks must be a module with tasks"),
    ],
)
def test_what_has_no_tasks_is_named(given: Any, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        Mount.of(given)


APP = """
from qstash_integrations.tasks.mount import Mount
MOUNT = Mount.of("jobs")
db = object()
"""
TASKS = """
from qstash_integrations.tasks import task
{imported}
@task
def ship() -> None: ...
"""
CIRCLES = {
    "a name of the app": ("app", "from app import db"),
    "the app itself": ("app", "import app; app.db"),
    "the tasks first": ("jobs", "import app"),
    "the tasks first, by a name": ("jobs", "from app import db"),
}


@pytest.mark.system
@pytest.mark.parametrize(("first", "imported"), CIRCLES.values(), ids=CIRCLES)
def test_a_circular_import_says_how_to_break_it(tmp_path: Path, first: str, imported: str) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "jobs.py").write_text(TASKS.format(imported=imported))
    assert told(tmp_path, "-c", f"import {first}") == (
        "qstash_integrations._core.errors.ConfigurationError: tasks: jobs is not imported yet, because it imports the "
        "app that is to serve it; a module with tasks needs no app: take the import out, or move it into the function "
        "that uses it"
    )


@pytest.mark.system
def test_what_fails_within_a_module_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "jobs.py").write_text(TASKS.format(imported="import missing_package"))
    assert told(tmp_path, "-c", "import app") == "ModuleNotFoundError: No module named 'missing_package'"


def test_a_parameter_that_is_no_json_is_named_at_the_mount() -> None:
    def odd(request: type) -> None: ...

    with pytest.raises(TypeError, match=r"shop\.odd: request is a type"):
        Mount.of(Task(odd, "shop.odd", (), {}))


def test_a_task_is_copied_and_pickled_as_itself() -> None:
    assert pickle.loads(pickle.dumps(shop.ship)) is shop.ship
    assert copy.deepcopy(shop.ship) is copy.copy(shop.ship) is shop.ship
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(shop.ship.using(retries=1))


def test_a_callback_that_could_not_be_taken_is_named_at_the_mount() -> None:
    with pytest.raises(TypeError, match=r"^failure_callback: tests\.tasks\.shop\.ship is told of the call"):
        Mount.of(Task(shop.mail.function, "shop.mail", (), {"failure_callback": shop.ship}))
