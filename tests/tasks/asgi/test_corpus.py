"""Every attack case of the corpus against the routes of tasks: what is below their path is refused before all else."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from qstash_integrations import Receiver
from tests.contract.test_corpus import CASES, FEW, material, split
from tests.contract.test_signatures import REJECTED
from tests.hosts import Answer, Request, asgi_send
from tests.tasks.asgi.apps import MOUNTS
from tests.tasks.asgi.test_starlette import ran, ship

FIRST_PART = re.compile(r"/[\w.~-]+(?=[/?]|\Z)", re.ASCII)
CATEGORIES = sorted({case["category"] for case in CASES.values()})


@pytest.mark.parametrize("category", CATEGORIES)
def test_H15_every_attack_case_is_decided_as_it_must_be(category: str) -> None:
    """By TasksApp alone, which is there on every path."""
    assert_decided("asgi", [name for name, case in CASES.items() if case["category"] == category])


@pytest.mark.parametrize("mount", [mount for mount in MOUNTS if mount != "asgi"])
def test_H15_the_other_mounts_ask_the_receiver_too(mount: str) -> None:
    assert_decided(mount, FEW)


def assert_decided(mount: str, names: Sequence[str]) -> None:
    assert names
    ran.clear()
    decided = {name: answer_to(mount, CASES[name]) for name in names}
    # What is genuine gets to know that there is no such task; everybody else learns nothing.
    assert [name for name, answer in decided.items() if answer.status != (404 if is_genuine(name) else 401)] == []
    assert [name for name, answer in decided.items() if not is_genuine(name) and answer != REJECTED] == []
    assert ran == []


def is_genuine(name: str) -> bool:
    return bool(CASES[name]["expect"] == "accept")


def answer_to(mount: str, case: dict[str, Any]) -> Answer:
    receiver = Receiver(
        case["keys"]["current"], case["keys"]["next"], clock_tolerance=case["clock_tolerance"], now=lambda: case["now"]
    )
    origin, target = split(case["url"])
    path = FIRST_PART.match(target)
    url = {"public_url": origin} if case["url"] else {"public_url": None, "verify_url": False}
    app = MOUNTS[mount]([ship], tasks_path=path and path[0], receiver=receiver, **url)
    return asgi_send(app)(Request(target, [("Upstash-Signature", material(case, "token"))], material(case, "body")))
