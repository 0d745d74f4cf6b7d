"""Every attack case of the corpus against the routes of tasks: what is below their path is refused before all else."""

import re
from typing import Any

import pytest

from qstash_integrations import Receiver
from tests.contract.test_corpus import CASES, material, split
from tests.contract.test_signatures import REJECTED
from tests.hosts import Answer, Request, asgi_send
from tests.tasks.asgi.apps import MOUNTS
from tests.tasks.asgi.test_starlette import ran, ship

FIRST_PART = re.compile(r"/[\w.~-]+(?=[/?]|\Z)", re.ASCII)
CATEGORIES = sorted({case["category"] for case in CASES.values()})


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("mount", MOUNTS)
def test_H15_every_attack_case_is_decided_as_it_must_be(mount: str, category: str) -> None:
    ran.clear()
    cases = {
        name: case
        for name, case in CASES.items()
        # TasksApp alone is there on every path.
        if case["category"] == category and (mount == "asgi" or FIRST_PART.match(split(case["url"])[1]))
    }
    assert cases
    decided = {name: answer_to(mount, case) for name, case in cases.items()}
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
