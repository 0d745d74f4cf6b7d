"""What can be asked of QStash when a message is published: every option once, as type checkers know it.

Methods take these as keywords (``publish(url=..., delay="10m")``) or as one mapping. Headers and limits are in the
table of ``options``.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NotRequired, Required, TypeAlias, TypedDict

from ..durations import Duration
from .providers import Provider

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Instant: TypeAlias = datetime | int | float
"""An aware ``datetime``, or Unix seconds."""


class FlowControl(TypedDict, total=False):
    """Limits on what is delivered under one key, across URLs; at least one limit beside the key.

    What is over a limit waits, and is not refused. The latest message says what the limits are, unless they are pinned.

    Spec: https://upstash.com/docs/qstash/features/flowcontrol
    """

    key: Required[str]
    parallelism: int
    """Deliveries in flight at once, a million at most."""
    rate: int
    """Deliveries started per ``period``, a million at most."""
    period: Duration
    """One second by default, a week at most."""


class Redact(TypedDict, total=False):
    """What QStash shows as a hash in its logs and answers; it is delivered unchanged.

    Spec: https://upstash.com/docs/qstash/features/redaction
    """

    body: bool
    """All of it."""
    header: bool | Sequence[str]
    """All forwarded headers, or those with these names."""


class CallbackOptions(TypedDict, total=False):
    """A callback with settings of its own: QStash publishes it as a message. None counts as not given.

    Spec: https://upstash.com/docs/qstash/features/callbacks
    """

    url: Required[str]
    """Absolute; it gets JSON, which ``Callback.from_delivery`` reads, and has to verify it like any delivery."""
    headers: Mapping[str, str] | None
    """Forwarded to the callback under these names."""
    method: Method | None
    """POST by default."""
    content_type: str | None
    """Of the callback's request, whose body is JSON: ``application/json`` by default."""
    retries: int | None
    """As many as the message has by default."""
    retry_delay: str | int | None
    """Milliseconds, or an expression that gives them, as of a message."""
    timeout: Duration | None
    """For the callback's answer, one second at least."""
    flow_control: FlowControl | None
    """None but this: the message's own does not hold for its callbacks."""
    label: str | Sequence[str] | None
    redact: Redact | None
    """Beside what the message redacts."""
    failure_callback: "str | CallbackOptions | None"
    """URL that is told when the last attempt of this callback has failed."""


class Api(TypedDict):
    """A destination that QStash's SDKs know by name; the providers are in ``qstash_integrations.chat``.

    Spec: https://upstash.com/docs/qstash/integrations/llm
    """

    name: Literal["llm", "email"]
    """What the provider serves: ValueError for one of the other kind."""
    provider: Provider
    """Made by ``openai``, ``anthropic``, ``custom`` or ``resend``."""


class DefaultOptions(TypedDict, total=False):
    """What holds for messages, for schedules and as a default of a URL group. None counts as not given."""

    headers: Mapping[str, str] | None
    """Forwarded to the destination under these names."""
    method: Method | None
    """Of the delivery; POST by default."""
    content_type: str | None
    """Of the body; ``application/json`` where this client encodes it."""
    delay: Duration | None
    """From acceptance to the first attempt; the plan sets the limit."""
    retries: int | None
    """Further attempts after a failed one; three by default, the plan sets the limit."""
    retry_delay: str | int | None
    """Milliseconds between attempts, as a number or an expression over ``retried``: ``"pow(2, retried) * 1000"``."""
    callback: str | CallbackOptions | None
    """URL that is told of every attempt, alone or with settings of its own."""
    failure_callback: str | CallbackOptions | None
    """The same for what is told when the last attempt has failed."""
    callback_headers: Mapping[str, str] | None
    """Forwarded to the callback, but for names of its settings such as Retries: ``callback`` has those typed."""
    failure_callback_headers: Mapping[str, str] | None
    """As ``callback_headers``, for the failure callback."""
    timeout: Duration | None
    """For the destination's answer, one second at least; shortens the limit of the plan."""
    flow_control: FlowControl | None
    label: str | Sequence[str] | None
    """Labels to find the message by, in logs and filters; no commas in them."""
    redact: Redact | None


class GroupDefaults(DefaultOptions, total=False):
    """What a URL group may set for whatever is published to it."""

    forward_headers: bool | None
    """Whether what comes in, such as a webhook that is pointed at the group, passes on the headers of its request."""


class DeliveryOptions(DefaultOptions, total=False):
    """How a message is delivered."""

    body: object
    """Bytes and text go as they are, a dict or list as JSON; the ``_json`` methods encode whatever JSON can hold."""


class MessageOptions(DeliveryOptions, total=False):
    """Options of a message that is sent once.

    Spec: https://upstash.com/docs/qstash/features/deduplication
    """

    not_before: Instant | None
    """When the first attempt may be made; wins over ``delay``."""
    deduplication_id: str | None
    """A second message with this id within ten minutes is accepted and not delivered. No colon."""
    content_based_deduplication: bool | None
    """The same with an id that QStash makes of destination, body and forwarded headers."""


class UrlMessage(MessageOptions):
    """A message to one URL, which has one receipt."""

    url: str
    """Absolute, percent-encoded, without user name and fragment."""


class ApiMessage(MessageOptions):
    """A message to a service that is known by name, such as an LLM; what it answers goes to the ``callback``."""

    api: Api


class GroupMessage(MessageOptions):
    """A message to a URL group: one of its own, with a receipt of its own, for each endpoint."""

    url_group: str
    """Delivered to every endpoint of the group."""


class QueuedUrlMessage(UrlMessage):
    """A message to one URL, through a queue: by default when those before it there are done or given up."""

    queue: str
    """First in, first out; it is made when there is none of this name."""


class QueuedApiMessage(ApiMessage):
    """A message to a service that is known by name, through a queue."""

    queue: str


class QueuedGroupMessage(GroupMessage):
    """A message to each endpoint of a URL group, through a queue."""

    queue: str


class BatchMessage(MessageOptions, total=False):
    """One message of a batch: exactly one of ``url``, ``url_group`` and ``api``, perhaps with a ``queue``.

    Spec: https://upstash.com/docs/qstash/features/batch
    """

    url: str
    url_group: str
    api: Api
    queue: str | None


AnyMessage: TypeAlias = (
    BatchMessage | UrlMessage | ApiMessage | GroupMessage | QueuedUrlMessage | QueuedApiMessage | QueuedGroupMessage
)
"""What a batch is made of."""

OneReceipt: TypeAlias = UrlMessage | ApiMessage | QueuedUrlMessage | QueuedApiMessage
"""What goes to one destination, and so has one receipt and not a list of them."""


class ScheduleOptions(DeliveryOptions):
    """What a schedule publishes, where to and when.

    Spec: https://upstash.com/docs/qstash/features/schedules
    """

    destination: str
    """A URL or the name of a URL group."""
    cron: str
    """Five fields in UTC, or in a zone of their own: ``"CRON_TZ=Europe/Berlin 0 7 * * *"``."""


class NewSchedule(ScheduleOptions, total=False):
    """What ``schedule.create`` takes: a schedule, and how it is to be known."""

    schedule_id: str | None
    """A schedule of this id is replaced as a whole; QStash makes an id where none is given."""
    queue: str | None
    """Where the produced messages line up."""


class DlqRetryOptions(TypedDict, total=False):
    """What a retry from the dead letter queue changes; everything else stays as it was published.

    None counts as not given. Units and limits are those of ``DefaultOptions``.
    """

    method: Method | None
    retries: int | None
    retry_delay: str | int | None
    """As of a message."""
    timeout: Duration | None
    callback: str | CallbackOptions | None
    failure_callback: str | CallbackOptions | None
    label: str | Sequence[str] | None


class PinFlowControlOptions(TypedDict, total=False):
    """Limits that later messages cannot change; one at least.

    Spec: https://upstash.com/docs/qstash/features/flowcontrol
    """

    parallelism: int | None
    """Deliveries in flight at once, a million at most."""
    rate: int | None
    """Deliveries started per ``period``, a million at most."""
    period: Duration | None
    """Of the rate; a week at most."""


class UnpinFlowControlOptions(TypedDict, total=False):
    """Which limits later messages may change again."""

    parallelism: bool | None
    rate: bool | None
    """The rate and its period."""


class UpsertEndpoint(TypedDict):
    """An endpoint of a URL group."""

    url: str
    name: NotRequired[str | None]
    """Unique in its group."""


class RemoveEndpoint(TypedDict, total=False):
    """An endpoint of a URL group, by its URL or its name."""

    url: str | None
    name: str | None
