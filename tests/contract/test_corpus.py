"""Every attack case of the corpus as a request: over ASGI, over WSGI, and a few of them to the other adapters."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from qstash_integrations import Receiver
from tests.contract.harnesses import HARNESSES, INTERFACES, Shop, on_each_interface
from tests.contract.test_signatures import REJECTED

ALL: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "verification_cases.json").read_text(encoding="utf-8")
)
# Keys that no Receiver takes are its own tests' business, and a raw letter beyond ASCII stands on no request line.
CASES = {case["id"]: case for case in ALL if case["category"] != "keys" and case["id"] != "ok-url-iri"}


# What decides is the Receiver; the others show that they hand it the token, the body and the URL.
FEW = ("ok-prod-shape-2026", "signature-attacker-key", "body-appended", "sub-differs-path")


@on_each_interface
@pytest.mark.parametrize("category", sorted({case["category"] for case in CASES.values()}))
def test_H15_every_attack_case_is_decided_as_it_must_be(open_shop: Callable[..., Shop], category: str) -> None:
    cases = {name: case for name, case in CASES.items() if case["category"] == category}
    assert [name for name, case in cases.items() if not is_decided_as_it_must_be(open_shop, case)] == []


@pytest.mark.parametrize("harness", [name for name in HARNESSES if name not in INTERFACES], indirect=True)
def test_H15_the_other_adapters_ask_the_receiver_too(open_shop: Callable[..., Shop]) -> None:
    assert [name for name in FEW if not is_decided_as_it_must_be(open_shop, CASES[name])] == []


def is_decided_as_it_must_be(open_shop: Callable[..., Shop], case: dict[str, Any]) -> bool:
    receiver = Receiver(
        case["keys"]["current"],
        case["keys"]["next"],
        clock_tolerance=case["clock_tolerance"],
        now=lambda: case["now"],
    )
    origin, target = split(case["url"])
    shop = open_shop(receiver=receiver, **({"public_url": origin} if case["url"] else {"verify_url": False}))
    answer = shop.send(material(case, "body"), token=material(case, "token"), target=target)
    if case["expect"] == "accept":
        return (answer.status, len(shop.calls)) == (200, 1)
    return (answer, shop.calls) == (REJECTED, [])


def split(url: str | None) -> tuple[str, str]:
    """Origin and target, as the target must stand on a request line."""
    scheme, _, rest = (url or "https://api.example.com/hook").partition("://")
    authority, _, path = rest.partition("/")
    return f"{scheme}://{authority}", "/" + quote(path, safe="/:@!$&'()*+,;=~?%")


def material(case: dict[str, Any], name: str) -> bytes:
    """A case's token or body, written as text, as base64 or as a list of repeated chunks."""
    if case.get(name) is not None:
        return str(case[name]).encode("latin-1")
    if case.get(f"{name}_b64") is not None:
        return base64.b64decode(case[f"{name}_b64"])
    return b"".join(base64.b64decode(chunk) * count for chunk, count in case[f"{name}_pattern"])
