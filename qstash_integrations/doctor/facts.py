"""What the doctor knows, as frozen values. No secret is among them: of a setting they tell its form, not its value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..routes import Route, Verification

Source = Literal["given", "configured", "environment", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The form of one setting."""

    name: str
    """What to call it: the attribute or variable that it was given as."""
    source: Source = ""
    """Where it was found; empty where it is not set."""
    is_blank: bool = False
    quoted: bool = False
    line_end: Literal["behind", "within", ""] = ""
    odd: bool = False
    """Has characters that no token and no key has."""
    published: bool = False
    """Is a key, or the token, of local development, which anybody can read."""
    cut: bool = False
    """Is shorter than any key, or a placeholder."""

    @property
    def is_set(self) -> bool:
        return self.source != "" and not self.is_blank


UNSET = Value(name="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """The settings as they were found."""

    values: Mapping[str, Value]
    """Of those that are set, and of the five that matter most, by setting."""
    api_url: str
    """Not checked."""
    hosted: bool = False
    """``api_url`` is the service of Upstash."""
    public_urls: Sequence[str] = ()
    """Not checked."""
    told: bool = False
    """The public URL is a function's to tell."""
    hosts: Sequence[str] = ()
    """The framework's list of hosts, where that stands in for a public URL."""
    same_keys: bool = False
    refused: str | None = None
    """What ``Settings.load`` has said."""
    keys_refused: str | None = None
    """What a Receiver made of the keys has said."""
    receiver: bool = False
    """The app brings a receiver of its own, and the keys of the settings are of no account."""
    production: str | None = None

    def of(self, setting: str) -> Value:
        return self.values.get(setting, UNSET)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFacts:
    """The app, as its framework shows it."""

    framework: str = ""
    """Such as "flask"; empty where only a module or nothing was named."""
    version: str = ""
    routes: Sequence[Route] = ()
    probe_path: str | None = None
    """Where it answers a probe, behind its public URL."""
    probe_any_url: bool = False
    """Its ``verify_url=False``, for all endpoints that say nothing else."""
    refused: str | None = None
    """Why it could not be loaded."""
    mount_hint: str = ""
    """What to write where it mounts no probe."""

    @property
    def verified(self) -> list[tuple[Route, Verification]]:
        """Its verified routes, which the probe is none of."""
        return [(route, route.verification) for route in self.routes if route.verification is not None]

    @property
    def takes_any_url(self) -> bool:
        """Whether what is signed for the probe would pass elsewhere: ``verify_url=False``, of the app or a route."""
        return self.probe_any_url or any(verification.any_url for _, verification in self.verified)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAttempt:
    """What came of one attempt at a message, by QStash's log or dead letters."""

    url: str
    at: int  # Unix milliseconds
    delivered: bool = False
    status: int = 0  # 0: no answer arrived
    seconds: float | None = None
    server: str = ""
    via: str = ""
    location: str = ""
    ours: str = ""
    """The error text of an answer that this package made."""
    error: str = ""
    """Of QStash's own."""
    body_size: int | None = None  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingList:
    """A list of messages that wait at a queue, or for a key of flow control."""

    name: str
    paused: bool = False
    before: int = 0
    after: int = 0
    """A little later."""
    held: bool = False
    """Nothing is in flight, and nothing was let go between the two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A schedule that QStash has, or a message that waits there."""

    id: str
    url: str
    """Without its query."""
    fails: bool = False
    """Its last attempt did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """What the API of QStash says."""

    failure: Literal["refused", "unknown", "dns", "tls", "unreachable", "broken", ""] = ""
    detail: str = ""
    untold: Sequence[str] = ()
    """What it did not tell: a token of lesser rights may not ask, or it did not answer as QStash does."""
    current_fits: bool | None = None
    """Whether the app's current key is the account's current one; None where one of the two is unknown."""
    next_fits: bool | None = None
    swapped: bool = False
    rotated: bool = False
    """The app's next key is the account's current one."""
    attempts: Sequence[PastAttempt] = ()
    """Newest first."""
    dead: Sequence[PastAttempt] = ()
    queues: Sequence[WaitingList] = ()
    flows: Sequence[WaitingList] = ()
    schedules: Sequence[Planned] = ()
    messages: Sequence[Planned] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """What came back from the probe's URL."""

    failure: Literal["dns", "tls", "refused", "timeout", "broken", ""] = ""
    detail: str = ""
    status: int = 0
    ours: bool = False
    """Made by this package: its refusal, or the facts."""
    is_html: bool = False
    text: str = ""
    """The error text of an answer of this package's form."""
    location: str = ""
    server: str = ""
    via: str = ""
    seconds: float = 0.0
    verdict: str | None = None
    """The reason that it was refused for, as far as a secret here could open it."""
    opened_by: Literal["token", "key", ""] = ""
    has_verdict: bool = False
    seen: Mapping[str, object] | None = None
    """What the app has seen, of a request that it took for genuine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What came of requests that the doctor signed for the probe."""

    empty: Sequence[ProbeAnswer] = ()
    """Six of them, each without a body."""
    json: ProbeAnswer | None = None
    encoded: ProbeAnswer | None = None
    """To ``/a%20b%2Fc``."""
    large: ProbeAnswer | None = None
    """With 1 MiB."""
    lagging: float | None = None
    """Seconds by which the app's clock is behind; negative where it is ahead; None where it was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeMessage:
    """What became of the message of ``--probe``."""

    state: Literal["delivered", "failed", "waiting", "refused"]
    detail: str = ""
    attempt: PastAttempt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that was found out, stage by stage; None for a stage that was left out."""

    shapes: Shapes
    app: AppFacts = AppFacts()
    offline: bool = False
    """Nobody is to be asked."""
    probe_url: str | None = None
    base: str | None = None
    """The public URL that the probe is on."""
    account: AccountFacts | None = None
    unsigned: ProbeAnswer | None = None
    signed: Signed | None = None
    published: ProbeMessage | None = None
    skipped: Mapping[str, str] = field(default_factory=dict[str, str])
    """By stage, why it was left out although it was wanted."""

    @property
    def has_no_settings(self) -> bool:
        """As in CI and while an image is built: what is missing here is no fault of the app's."""
        return self.offline and not any(value.is_set for value in self.shapes.values.values())
