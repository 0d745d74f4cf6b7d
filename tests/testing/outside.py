"""The plugin from outside: a project of its own, in a pytest process of its own."""

from collections.abc import Collection, Sequence

import pytest

OURS = "qstash_integrations"
ASYNCIO = ("-o", "asyncio_default_fixture_loop_scope=function")  # without which pytest-asyncio warns
INI = """
[pytest]
filterwarnings = error
"""

FASTAPI_SHOP = """
from fastapi import FastAPI, Request
from qstash_integrations.fastapi import QStash, QStashDep, QStashMiddleware

app = FastAPI()
QStash(app)
app.add_middleware(QStashMiddleware, prefix="/hooks")
shipped = []

@app.post("/orders")
async def order(request: Request, qstash: QStashDep):
    await qstash.publish_json(url=qstash.url_for("ship"), body=await request.json(), delay="10m")

@app.post("/hooks/ship")
async def ship(request: Request):
    shipped.append((await request.json())["id"])
"""


def project(pytester: pytest.Pytester, **modules: str) -> None:
    """Files of a project, by the name of the module; ``conftest`` is one."""
    pytester.makeini(INI)
    pytester.makepyfile(**modules)


def run(
    pytester: pytest.Pytester,
    *arguments: str,
    plugins: Collection[str] | None = (OURS,),
    passed: int = 0,
    failed: int = 0,
    errors: int = 0,
) -> list[str]:
    """The lines of its output, once it has come out as expected.

    ``plugins`` are the names of entry points; None for all that are installed, which take longer than the tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        if plugins is not None:
            patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            arguments += tuple(f"-p{plugin}" for plugin in plugins)
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments, timeout=60)
    result.assert_outcomes(passed=passed, failed=failed, errors=errors)
    return list(result.outlines)


def shown(lines: Sequence[str], text: str) -> bool:
    """Whether the text stands in the output."""
    return any(text in line for line in lines)
