"""What the rules make of facts, without any network."""

from typing import Any

import pytest

from qstash_integrations.doctor.facts import (
    AccountFacts,
    AppFacts,
    Facts,
    PastAttempt,
    Planned,
    ProbeAnswer,
    Shapes,
    Signed,
    Value,
    WaitingList,
)
from qstash_integrations.doctor.findings import findings
from qstash_integrations.doctor.table import RULES
from qstash_integrations.routes import Route, Verification

BASE = "https://api.example.com"
SHIP = f"{BASE}/hooks/ship"
KEYS = {
    name: Value(name=name, source="environment") for name in ("QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY")
}
VERIFIED = Verification(by="endpoint", max_body_size=1024, body_timeout=30.0)
LOOSE = Verification(by="endpoint", max_body_size=1024, body_timeout=30.0, any_url=True)
ROUTES = [Route(path="/hooks/ship", handler="shop.ship", methods=["POST"], verification=VERIFIED)]
SEEN = ProbeAnswer(status=200, ours=True, seen={"clock": 0.0})


def refused(reason: str | None) -> ProbeAnswer:
    return ProbeAnswer(
        status=401, ours=True, text="invalid signature", has_verdict=True, verdict=reason, opened_by="key"
    )


def facts(routes: Any = ROUTES, **given: Any) -> Facts:
    shapes = Shapes(values=KEYS, api_url="https://qstash.upstash.io", public_urls=[BASE])
    return Facts(shapes=shapes, app=AppFacts(framework="flask", routes=routes), base=BASE, **given)


def attempts(url: str = SHIP, **given: Any) -> Facts:
    return facts(
        account=AccountFacts(attempts=[PastAttempt(url=url, at=2, **given), PastAttempt(url=url, at=1, delivered=True)])
    )


FOUND: dict[str, tuple[Facts, str]] = {
    "keys exchanged": (facts(account=AccountFacts(current_fits=False, next_fits=False, swapped=True)), "Q302"),
    "keys rotated": (facts(account=AccountFacts(current_fits=False, next_fits=False, rotated=True)), "Q303"),
    "another base": (attempts(f"{BASE}/api/hooks/ship", status=401, ours="invalid signature"), "Q133"),
    "redirect": (attempts(status=301, location=f"{SHIP}/"), "Q402"),
    "csrf": (attempts(status=403), "Q403"),
    "no such route": (attempts(f"{BASE}/gone", status=404), "Q404"),
    "a large body": (attempts(status=413), "Q413"),
    "a time-out of the proxy": (attempts(status=504, seconds=60.0), "Q501"),
    "a time-out of the server": (attempts(status=502, seconds=30.0), "Q501"),
    "a store that is down": (attempts(status=503, ours="duplicate protection unavailable"), "Q503"),
    "no address": (attempts(error="could not resolve host"), "Q407"),
    "a certificate": (attempts(error="the certificate of x is refused"), "Q408"),
    "given up": (facts(account=AccountFacts(dead=[PastAttempt(url=SHIP, at=1, status=489)])), "Q502"),
    "a paused queue": (facts(account=AccountFacts(queues=[WaitingList(name="q", paused=True, before=3)])), "Q601"),
    "held back": (facts(account=AccountFacts(flows=[WaitingList(name="k", before=3, after=3, held=True)])), "Q602"),
    "a schedule to nowhere": (facts(account=AccountFacts(schedules=[Planned(id="s", url=f"{BASE}/old")])), "Q603"),
    "a message to nowhere": (facts(account=AccountFacts(messages=[Planned(id="m", url=f"{BASE}/old")])), "Q604"),
    "a stale instance": (facts(signed=Signed(empty=[SEEN, refused("wrong_key"), SEEN])), "Q307"),
    "a clock": (facts(signed=Signed(empty=[refused("expired")] * 6, lagging=-600.0)), "Q420"),
    "a body that is changed": (facts(signed=Signed(empty=[SEEN] * 6, json=refused("body_mismatch"))), "Q440"),
    "a body that is taken": (facts(signed=Signed(empty=[SEEN] * 6, json=refused("body_taken"))), "Q441"),
    "a lost verdict": (
        facts(signed=Signed(empty=[ProbeAnswer(status=401, ours=True, text="invalid signature")] * 6)),
        "Q412",
    ),
    "a limit ahead of the app": (facts(signed=Signed(empty=[ProbeAnswer(status=429)] * 6)), "Q405"),
    "a route alone": (
        facts(
            signed=Signed(empty=[SEEN] * 6),
            account=AccountFacts(attempts=[PastAttempt(url=SHIP, at=1, status=401, ours="invalid signature")]),
        ),
        "Q414",
    ),
    "other secrets": (facts(unsigned=refused(None)), "Q305"),
    "a missing setting": (facts(unsigned=refused("unconfigured")), "Q308"),
    "a late decorator": (facts([Route(path="/hooks/ship", handler="shop.ship", decorated_late=True)]), "Q201"),
    "an open webhook": (facts([Route(path="/qstash/hook", handler="shop.hook", methods=["POST"])]), "Q202"),
    "a login": (
        facts([Route(path="/hooks/ship", handler="shop.ship", verification=VERIFIED, behind_login=True)]),
        "Q203",
    ),
    "any URL": (facts([Route(path="/hooks/ship", handler="shop.ship", verification=LOOSE)]), "Q204"),
}


@pytest.mark.parametrize("fault", FOUND)
def test_a_fault_is_found_and_nothing_else(fault: str) -> None:
    given, expected = FOUND[fault]
    assert [finding.id for finding in findings(RULES, given)] == [expected]


def test_what_was_delivered_since_is_no_fault() -> None:
    account = AccountFacts(
        attempts=[PastAttempt(url=SHIP, at=2, delivered=True), PastAttempt(url=SHIP, at=1, status=404)]
    )
    assert findings(RULES, facts(account=account)) == []


def test_other_apps_of_the_account_are_left_alone() -> None:
    assert findings(RULES, attempts("https://other.example/else", status=500, seconds=60.0)) == []
