"""What is asked, in which order: each stage only where the one before allows it.

Nothing that is signed leaves before the app's own refusal has come back through the public URL.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx

from .._core.errors import ConfigurationError, QStashError
from .._core.publishing.results.signing_key import SigningKey
from .._core.receiving.urls import bases_of
from .._core.settings.values import Settings
from .account import account_of, patient
from .answers import INVALID
from .facts import Facts
from .findings import Stage
from .knocking import Knocker, Secrets
from .place import Place, offline_facts
from .posting import Post, post_with
from .publishing import publish

_NO_URL = "QSTASH_PUBLIC_URL is not set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """The network and the clock."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    client: Callable[[], httpx.Client] = field(default=httpx.Client)
    """Whatever it trusts, the doctor trusts: SSL_CERT_FILE, and the proxies of the environment."""


class _Walk:
    """One examination. Holds secrets, and gives none of them away."""

    def __init__(self, place: Place, edges: Edges) -> None:
        self._place = place
        self._edges = edges
        self.facts = offline_facts(place)
        self._settings: Settings | None = None
        self._held: SigningKey | None = None

    def skip(self, stage: Stage, why: str) -> None:
        self.facts = replace(self.facts, skipped={**self.facts.skipped, stage: why})

    def account(self) -> bool:
        problem = self._unready()
        if problem:
            self.skip("account", problem)
            return False
        settings = self._settings
        assert settings is not None
        try:
            account, self._held = account_of(
                patient(self._place.client()),
                settings.signing_keys,
                compares=not self._place.has_receiver,
                sleep=self._edges.sleep,
            )
        except (ConfigurationError, QStashError) as error:
            self.skip("account", str(error))
            return False
        self.facts = replace(self.facts, account=account)
        if account.untold:
            self.skip("account", f"QStash did not tell {', '.join(account.untold)}")
        return True

    def locate(self) -> str | None:
        """Where the probe is; otherwise why nobody can tell."""
        app, settings = self._place.app, self._settings
        if settings is None:
            return "the settings are refused"
        if app.probe_path is None:
            return f"the app has no probe: {app.mount_hint}" if app.mount_hint else "no app was named"
        try:
            bases = bases_of(settings, self._place.hosts, "the list of hosts")
        except ConfigurationError as error:
            return str(error)
        if not bases:
            return _NO_URL
        if "*" in bases[0]:
            return "QSTASH_PUBLIC_URL has wildcards alone"
        self.facts = replace(self.facts, base=bases[0], probe_url=bases[0] + app.probe_path)
        return None

    def knock(self, post: Post) -> None:
        url, settings = self.facts.probe_url, self._settings
        assert url is not None
        assert settings is not None
        knocker = Knocker(url, self._secrets(settings), post, self._edges.now)
        unsigned = knocker.unsigned()
        self.facts = replace(self.facts, unsigned=unsigned)
        problem = self._unsafe(settings)
        if problem:
            self.skip("signed", problem)
        else:
            self.facts = replace(self.facts, signed=knocker.signed())

    def publish(self) -> None:
        signed = self.facts.signed
        if signed is None or not signed.empty or signed.empty[-1].seen is None:
            self.skip("published", "signed requests did not pass")
            return
        url = self.facts.probe_url
        assert url is not None
        client = patient(self._place.client())
        published = publish(client, url, now=self._edges.now, sleep=self._edges.sleep)
        self.facts = replace(self.facts, published=published)

    def _unready(self) -> str | None:
        if self.facts.app.refused or self.facts.shapes.refused:
            return "the settings are refused"
        try:
            self._settings = self._place.load()
            self._settings.require_token()
        except ConfigurationError as error:
            return str(error)
        return None

    def _unsafe(self, settings: Settings) -> str | None:
        """Why nothing signed may leave."""
        unsigned = self.facts.unsigned
        if unsigned is None or unsigned.text != INVALID:
            return "the app's own refusal did not come back"
        if self.facts.app.takes_any_url:
            return "with verify_url=False a request that is signed for the probe would pass anywhere"
        if self._place.has_receiver and self._held is None:
            return "the app has a receiver of its own, whose keys are not known here"
        if not self._signing(settings):
            return "no signing key is set here"
        return None

    def _signing(self, settings: Settings) -> str | None:
        if self._place.has_receiver:
            return self._held.current if self._held else None
        return (settings.signing_keys.current or "").strip() or None

    def _secrets(self, settings: Settings) -> Secrets:
        held = (self._held.current, self._held.next) if self._held else ()
        return Secrets([settings.token], [*settings.signing_keys, *held], self._signing(settings))


def examine(place: Place, edges: Edges, *, offline: bool = False, probe: bool = False) -> Facts:
    """All that there is to know of a place."""
    walk = _Walk(place, edges)
    if offline:
        return replace(walk.facts, offline=True)
    walk.account()
    problem = walk.locate()
    if problem:
        walk.skip("unsigned", problem)
        walk.skip("signed", problem)
    else:
        with edges.client() as client:
            walk.knock(post_with(client))
    if probe:
        walk.publish()
    return walk.facts
