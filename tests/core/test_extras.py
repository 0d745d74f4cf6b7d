"""An adapter whose framework is not installed says which extra brings it."""

import subprocess
import sys

import pytest

# As if it were not installed.
WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
import {module}
"""
ADAPTERS = {
    "aiohttp": ["aiohttp"],
    "django": ["django"],
    "fastapi": ["fastapi"],
    "flask": ["flask"],
    "starlette": ["starlette"],
}


def told(module: str, missing: list[str]) -> str:
    program = WITHOUT.format(missing=missing, module=module)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    return ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(("adapter", "missing"), ADAPTERS.items(), ids=ADAPTERS)
def test_the_extra_is_named(adapter: str, missing: list[str]) -> None:
    assert told(f"qstash_integrations.{adapter}", missing) == (
        f"ModuleNotFoundError: qstash_integrations.{adapter} needs {adapter}; install it with: "
        f"pip install 'qstash_integrations[{adapter}]'"
    )


def test_fastapi_is_asked_for_where_starlette_is_missing_too() -> None:
    assert "qstash_integrations[fastapi]" in told("qstash_integrations.fastapi", ["fastapi", "starlette"])


def test_what_is_missing_within_a_framework_is_not_blamed_on_it() -> None:
    assert told("qstash_integrations.flask", ["werkzeug"]) == "ModuleNotFoundError: No module named 'werkzeug'"
