"""How many attacks get past us, and how many past the official receiver: ``python -m benchmarks.attacks``.

Tries the cases of ``tests/data/verification_cases.json`` on both receivers and on every adapter, and on every adapter
behind every real server together with the cases of ``tests/servers``. A case is wrong when a forged request was let in,
a genuine one kept out, or the handler saw other bytes than were signed. The official receiver has no adapters: beside
each row stands what it makes of the same cases of that file. Exits with 1 when one of ours was wrong.
"""

import logging
import sys
import warnings
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

import jwt.api_jwt
import qstash
import qstash.errors
from django.test.utils import override_settings

from qstash_integrations import ConfigurationError, Receiver, SignatureError
from tests.contract.harnesses import HARNESSES, Harness, Shop
from tests.contract.test_corpus import ALL, CASES, material, split
from tests.django.project import configure
from tests.servers.cases import ALL as WIRE_CASES
from tests.servers.cases.case import End, case, verdict
from tests.servers.cases.quirks import quirks
from tests.servers.cases.requests import post, signature
from tests.servers.options import CLOCK
from tests.servers.sites import SITES, Running, Site, running
from tests.signing import CURRENT, NEXT, NOW, ORIGIN

Corpus = dict[str, dict[str, Any]]
EVERYTHING: Corpus = {attack["id"]: attack for attack in ALL}


class Tally(NamedTuple):
    """What came of some cases."""

    tried: int
    wrong: list[str]
    crashed: int = 0
    """Kept out by an exception other than the one that is promised."""


def main() -> int:
    logging.disable()
    configure()
    print(f"{'':37}{'tried':>6}{'wrong':>6}{'crashed':>8}{'official: tried':>17}{'wrong':>6}{'crashed':>8}")
    everywhere = tally_receiver(EVERYTHING, verify_officially)
    wrong = show("Receiver", tally_receiver(EVERYTHING, verify), everywhere)
    for name, harness in HARNESSES.items():
        # aiohttp comes with an HTTP parser of its own.
        cases = {id_: attack for id_, attack in CASES.items() if name != "aiohttp" or fits_http(attack)}
        wrong += show(name, tally_adapter(harness, cases), tally_receiver(cases, verify_officially))
    in_place = {name: attack for name, attack in CASES.items() if fits_a_site(attack)}
    official = tally_receiver(in_place, verify_officially)
    for name, site in SITES.items():
        wrong += show(name, tally_site(site, in_place), official)
    for expected, meaning in (("reject", "let in"), ("accept", "kept out")):
        names = [name for name in everywhere.wrong if EVERYTHING[name]["expect"] == expected]
        print(f"The official receiver {meaning} {len(names)}: {', '.join(names)}")
    return 1 if wrong else 0


def show(name: str, ours: Tally, official: Tally) -> int:
    print(
        f"{name:37}{ours.tried:6}{len(ours.wrong):6}{ours.crashed:8}{official.tried:17}{len(official.wrong):6}{official.crashed:8}",
        flush=True,
    )
    for wrong in ours.wrong:
        print(f"  wrong: {wrong}", flush=True)
    return len(ours.wrong)


def tally_receiver(attacks: Corpus, let_in: Callable[[dict[str, Any]], bool]) -> Tally:
    wrong: list[str] = []
    crashed = 0
    for name, attack in attacks.items():
        try:
            passed = let_in(attack)
        except Exception:  # noqa: BLE001 - which they are is what is counted
            passed = False
            crashed += 1
        if passed != (attack["expect"] == "accept"):
            wrong.append(name)
    return Tally(len(attacks), wrong, crashed)


def verify(attack: dict[str, Any]) -> bool:
    try:
        receiver = Receiver(
            attack["keys"]["current"],
            attack["keys"]["next"],
            clock_tolerance=attack["clock_tolerance"],
            now=lambda: attack["now"],
        )
        receiver.verify(signature=material(attack, "token"), body=material(attack, "body"), url=attack["url"])
    except (SignatureError, ConfigurationError):
        return False
    return True


def verify_officially(attack: dict[str, Any]) -> bool:
    """As its README does; it takes text for the body, and has no clock but the machine's, which PyJWT reads."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls.fromtimestamp(attack["now"], tz)

    pyjwt: Any = jwt.api_jwt
    pyjwt.datetime = Clock
    receiver = qstash.Receiver(current_signing_key=attack["keys"]["current"], next_signing_key=attack["keys"]["next"])
    try:
        with warnings.catch_warnings(action="ignore"):  # PyJWT's, about short keys
            receiver.verify(
                body=material(attack, "body").decode(),
                signature=material(attack, "token").decode("latin-1"),
                url=attack["url"],
                clock_tolerance=attack["clock_tolerance"],
            )
    except qstash.errors.SignatureError:
        return False
    finally:
        pyjwt.datetime = datetime
    return True


def tally_adapter(harness: Harness, attacks: Corpus) -> Tally:
    def let_in(attack: dict[str, Any]) -> bool:
        origin, target = split(attack["url"])
        receiver = Receiver(
            attack["keys"]["current"],
            attack["keys"]["next"],
            clock_tolerance=attack["clock_tolerance"],
            now=lambda: attack["now"],
        )
        where: Any = {"public_url": origin} if attack["url"] else {"verify_url": False}
        shop, body = Shop(harness, receiver=receiver, **where), material(attack, "body")
        answer = shop.send(body, token=material(attack, "token"), target=target)
        if (answer.status, len(shop.calls)) not in ((200, 1), (401, 0)):
            raise AssertionError(f"{attack['id']}: {answer.status} after {len(shop.calls)} runs")
        return bool(shop.calls) and shop.delivery.body == body

    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True, DATA_UPLOAD_MAX_MEMORY_SIZE=None):
        return tally_receiver(attacks, let_in)


def fits_a_site(attack: dict[str, Any]) -> bool:
    """Whether a case is about the request: sites have one set of keys and one URL."""
    return (
        attack["keys"] == {"current": CURRENT, "next": NEXT}
        and attack["clock_tolerance"] == 0
        and str(attack["url"]).startswith(f"{ORIGIN}/")
        and fits_http(attack)
    )


def fits_http(attack: dict[str, Any]) -> bool:
    """Whether the token is a header's value: HTTP has no blanks at its ends, and no line breaks."""
    token: bytes = material(attack, "token")
    return b"\n" not in token and token == token.strip()


def tally_site(site: Site, attacks: Corpus) -> Tally:
    with running(site, **{CLOCK: str(NOW)}) as started:
        wrong = [*_wrong_of_corpus(started, attacks), *_wrong_on_the_wire(started)]
    return Tally(len(attacks) + len(WIRE_CASES), wrong)


def _wrong_of_corpus(started: Running, attacks: Corpus) -> Iterable[str]:
    for name, attack in attacks.items():
        _, target = split(attack["url"])
        body = material(attack, "body")
        ends = [End.RAN] if attack["expect"] == "accept" else [End.REFUSED, End.TOO_LARGE, End.TURNED_AWAY]
        if name == "ok-url-4k":  # over some servers' own limits
            ends.append(End.TURNED_AWAY)
        sent = post(signature(material(attack, "token")), body=body, target=target.encode())
        if problem := verdict(started, case(sent, ends=ends, body=body), quirks(started.site.server, name)):
            yield f"{name}: {problem}"


def _wrong_on_the_wire(started: Running) -> Iterable[str]:
    for name, wire_case in WIRE_CASES.items():
        if problem := verdict(started, wire_case, quirks(started.site.server, name)):
            yield f"{name}: {problem}"


if __name__ == "__main__":
    sys.exit(main())
