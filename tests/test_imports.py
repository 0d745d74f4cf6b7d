"""What importing costs: QStash users run serverless, where every cold start pays for every import."""

import subprocess
import sys

import pytest

import qstash_integrations

RECEIVING = """
import sys

before = set(sys.modules)
from qstash_integrations import Callback, Claims, Delivery, NonRetryable, Receiver, RetryAfter, SignatureError

Receiver("sig_TESTONLYcurrent000000000000A", "sig_TESTONLYnext00000000000000BB")
print(*sorted(set(sys.modules) - before))
"""
HEAVY = [
    "anyio",
    "asyncio",
    "cryptography",
    "dataclasses",
    "datetime",
    "django",
    "email",
    "fastapi",
    "flask",
    "httpx",
    "httpx2",
    "inspect",
    "jwt",
    "logging",
    "pydantic",
    "random",
    "socket",
    "sqlite3",
    "ssl",
    "starlette",
    "threading",
    "traceback",
    "urllib",
    "uuid",
]


def run(program: str) -> list[str]:
    # Without ``site``: what a machine loads at every start is not ours.
    paths = [path for path in sys.path if path]
    start = f"import sys; sys.path[:] = {paths!r}\n"
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start + program], capture_output=True, text=True, check=True
    )
    return ended.stdout.split()


def test_receiving_imports_nothing_heavy() -> None:
    loaded = {name.partition(".")[0] for name in run(RECEIVING)}
    assert "qstash_integrations" in loaded
    assert sorted(loaded & set(HEAVY)) == []


def test_receiving_imports_these_modules_of_ours_and_no_adapter() -> None:
    ours = [name for name in run(RECEIVING) if name.startswith("qstash_integrations.")]
    assert ours == [
        "qstash_integrations._core",
        "qstash_integrations._core.errors",
        "qstash_integrations._core.receiving",
        "qstash_integrations._core.receiving.delivery",
        "qstash_integrations._core.receiving.receiver",
        "qstash_integrations._core.receiving.token",
    ]


def test_the_http_library_comes_with_the_client() -> None:
    libraries = run(
        "import qstash_integrations, sys\n"
        "assert not {'httpx', 'httpx2'} & set(sys.modules)\n"
        "qstash_integrations.QStash\n"
        "print(*{'httpx', 'httpx2'} & set(sys.modules))"
    )
    assert libraries == ["httpx"]


def test_the_clients_are_found_in_each_spelling() -> None:
    from qstash_integrations import AsyncQStash, QStash

    assert (qstash_integrations.QStash, qstash_integrations.AsyncQStash) == (QStash, AsyncQStash)
    assert QStash.__name__ == "QStash"


@pytest.mark.parametrize("name", ["Qstash", "Client", "_Client", "client"])
def test_a_misspelled_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"^module 'qstash_integrations' has no attribute '{name}'$"):
        getattr(qstash_integrations, name)
    with pytest.raises(ImportError):
        exec(f"from qstash_integrations import {name}", {})


def test_every_public_name_is_there_and_sorted() -> None:
    names = qstash_integrations.__all__
    assert names == sorted(names)
    assert all(hasattr(qstash_integrations, name) for name in names)


@pytest.mark.parametrize("module", ["qstash_integrations", "qstash_integrations.testing"])
def test_what_is_imported_late_shows_before_it_was_used(module: str) -> None:
    program = f"import {module} as module; print(*(set(module.__all__) - set(dir(module))), '__all__' in dir(module))"
    assert run(program) == ["True"]
