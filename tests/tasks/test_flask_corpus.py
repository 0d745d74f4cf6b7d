"""Every attack case of the corpus against the routes of tasks in Flask, ahead of a view that answers everything."""

import re
from typing import Any

import pytest
from flask import Flask

from qstash_integrations import Receiver
from qstash_integrations.flask import QStash
from qstash_integrations.tasks import task
from tests.contract.test_corpus import CASES, material, split
from tests.contract.test_signatures import REJECTED
from tests.hosts import Answer, Request, wsgi_send

FIRST_PART = re.compile(r"/[\w.~-]+(?=[/?]|\Z)", re.ASCII)
CATEGORIES = sorted({case["category"] for case in CASES.values()})
ran: list[str] = []


@task
def ship() -> None:
    ran.append("ship")


@pytest.fixture(name="settings", autouse=True)
def of_the_app_alone() -> None:
    """No others, as elsewhere here, which would win over those of an app."""


@pytest.mark.parametrize("category", CATEGORIES)
def test_H15_every_attack_case_is_decided_as_it_must_be(category: str) -> None:
    ran.clear()
    cases = {
        name: case
        for name, case in CASES.items()
        if case["category"] == category and FIRST_PART.match(split(case["url"])[1])
    }
    assert cases
    decided = {name: answer_to(case) for name, case in cases.items()}
    # What is genuine gets to know that there is no such task; everybody else learns nothing.
    assert [name for name, answer in decided.items() if answer.status != (404 if is_genuine(name) else 401)] == []
    assert [name for name, answer in decided.items() if not is_genuine(name) and answer[::2] != REJECTED[::2]] == []
    assert ran == []


def is_genuine(name: str) -> bool:
    return bool(CASES[name]["expect"] == "accept")


def answer_to(case: dict[str, Any]) -> Answer:
    receiver = Receiver(
        case["keys"]["current"], case["keys"]["next"], clock_tolerance=case["clock_tolerance"], now=lambda: case["now"]
    )
    origin, target = split(case["url"])
    path = FIRST_PART.match(target)
    url: Any = {"public_url": origin} if case["url"] else {"public_url": None, "verify_url": False}
    app = Flask("shop")
    app.add_url_rule("/<path:rest>", view_func=lambda rest: "caught", methods=["GET", "POST"])
    QStash(app, tasks=ship, tasks_path=path and path[0], receiver=receiver, **url)
    return wsgi_send(app)(Request(target, [("Upstash-Signature", material(case, "token"))], material(case, "body")))
