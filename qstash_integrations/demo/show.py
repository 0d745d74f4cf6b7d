"""The demo from the first line to the exit code."""

import time
from collections.abc import Callable

import httpx
import jwt

from .._core.publishing.client import QStash
from ..server.app import LocalServer, ServerConfig, environment, running
from ..server.attempt import Attempt
from .apps import App, DemoError, running_apps
from .clock import SECONDS_BEFORE, MinuteClock
from .story import HOPELESS, INVOICE, INVOICED, ORDERS, RETRIED, SCHEDULED, SHIPPED, Expectation, Story

WITHIN = 25.0  # seconds from the first message on
_SCHEDULED_ORDER = {"id": 3}
_GOES = {SHIPPED: "ships at once", RETRIED: "fails once and ships then", HOPELESS: "is given up"}
_FORGED = {"id": 666}
_FORGER = "a key that QStash has never seen"

Say = Callable[[str], None]


def run(say: Say = print) -> int:
    """Play the story; 0 when all of it happened, else 1. DemoError says what could not even start."""
    clock, story = MinuteClock(), Story()
    started_at = time.monotonic()
    # It serves nobody but its own apps, for seconds and on free ports: whatever the environment says, it may run.
    config = ServerConfig(port=0, patience=1.0, allow_production=True)
    with running(config, clock=clock, watch=story.watch) as server:
        say(f"local QStash at {server.url}")
        with running_apps(environment(server)) as apps:
            for app in apps:
                say(f"{app.name} app at {app.url}")
            _explain(say)
            clock.start()
            problems = _play(server, apps, story, say)
    for problem in problems:
        say(f"FAILED: {problem}")
    if not problems:
        say(
            f"all of it happened, in {time.monotonic() - started_at:.1f} seconds; "
            "next, beside an app of yours: qstash-integrations dev -- flask run"
        )
    return 1 if problems else 0


def _explain(say: Say) -> None:
    orders = ", ".join(f"order {order['id']} {_GOES[kind]}" for kind, order in ORDERS.items())
    say("")
    say(f"In each app {orders}.")
    say(f"A task writes the invoice of order {INVOICE['id']}, and its callback notes it.")
    say(
        f"The clock of this QStash starts {SECONDS_BEFORE:.0f} seconds before a full minute and then goes as any other:"
    )
    say("so the schedule fires soon. Everything else is as it is in production, signatures and HTTP.")


def _play(server: LocalServer, apps: list[App], story: Story, say: Say) -> list[str]:
    say("")
    say(_row("app", "what", "outcome"))
    deadline = time.monotonic() + WITHIN
    with httpx.Client(timeout=10, trust_env=False) as http:
        _schedule(server, apps[0], story, say)
        problems: list[str] = []
        for app in apps:
            _order(http, app, story, say)
            problems += _forge(http, app, say)
        while told := story.next_attempt(deadline - time.monotonic()):
            say(_line(*told))
        problems += story.problems()
        problems += _dead_letters(http, server, story, say)
        for app in apps:
            problems += _compare(http, app, app is apps[0], say)
    return problems


def _schedule(server: LocalServer, app: App, story: Story, say: Say) -> None:
    with QStash(server.token, base_url=server.url) as qstash:
        schedule_id = qstash.schedule.create_json(
            destination=f"{app.url}/hooks/ship", cron="* * * * *", body=_SCHEDULED_ORDER
        )
    story.expect_tick(schedule_id, app.name)
    say(_row(app.name, "schedule created", f"{schedule_id[:16]}, every minute"))


def _order(http: httpx.Client, app: App, story: Story, say: Say) -> None:
    """Order in the app, whose own publisher sends the message."""
    for kind, order in ORDERS.items():
        _publish(http, app, "orders", order, kind, story, say)
    _publish(http, app, "invoices", INVOICE, INVOICED, story, say)


def _publish(http: httpx.Client, app: App, path: str, order: dict[str, int], kind: str, story: Story, say: Say) -> None:
    answer = _ask(app, lambda: http.post(f"{app.url}/{path}", json=order))
    if answer.status_code != 202:
        raise DemoError(f"the {app.name} app answered an order with {answer.status_code}: {answer.text[:500]}")
    message_id = str(answer.json()["message_id"])
    story.expect(message_id, app.name, kind)
    what = "task invoice" if kind == INVOICED else f"order {order['id']}"
    say(_row(app.name, f"{what} published", message_id[:16]))
    while told := story.next_attempt(0):
        say(_line(*told))


def _forge(http: httpx.Client, app: App, say: Say) -> list[str]:
    """A request as QStash would make it, but for the key."""
    url, now = f"{app.url}/hooks/ship", int(time.time())
    claims = {"iss": "Upstash", "sub": url, "exp": now + 300, "nbf": now, "iat": now, "jti": "jwt_forged", "body": ""}
    token = jwt.encode(claims, _FORGER, "HS256")  # pyright: ignore[reportUnknownMemberType]
    answer = _ask(app, lambda: http.post(url, json=_FORGED, headers={"Upstash-Signature": token}))
    say(_row(app.name, "forged request", f"{answer.status_code} {answer.text}"))
    refused = (answer.status_code, answer.text) == (401, '{"error":"invalid signature"}')
    return [] if refused else [f"{app.name}: a forged request was answered {answer.status_code}"]


def _dead_letters(http: httpx.Client, server: LocalServer, story: Story, say: Say) -> list[str]:
    """What the local QStash has given up: the hopeless orders, and nothing else."""
    answer = http.get(f"{server.url}/v2/dlq", headers={"Authorization": f"Bearer {server.token}"})
    found = {letter["messageId"]: letter["responseStatus"] for letter in answer.json()["messages"]}
    say(_row("QStash", "dead letters", ", ".join(f"order 0 ({status})" for status in found.values())))
    wanted = dict.fromkeys(story.messages(HOPELESS), 489)
    return [] if found == wanted else [f"the dead letter queue holds {found}, expected {wanted}"]


def _line(expectation: Expectation, attempt: Attempt) -> str:
    what = {200: "delivered, verified", 503: "RetryAfter: comes again", 489: "NonRetryable: given up"}
    status = attempt.outcome.status
    order = {**ORDERS, INVOICED: INVOICE}.get(expectation.kind, _SCHEDULED_ORDER)["id"]
    outcome = f"{status} in {attempt.seconds * 1000:.0f} ms, order {order}"
    if attempt.message.retried:
        outcome += f", retry {attempt.message.retried}"
    prefix = {SCHEDULED: "schedule fired, ", INVOICED: "task ran, "}.get(expectation.kind, "")
    return _row(expectation.app, prefix + what.get(status, f"failed: {attempt.outcome.error}"), outcome)


def _compare(http: httpx.Client, app: App, has_schedule: bool, say: Say) -> list[str]:
    """What the app's own handler says it has shipped: each order once, and nothing forged."""
    shipped = sorted(_ask(app, lambda: http.get(f"{app.url}/shipped")).json())
    say(_row(app.name, "handler shipped", ", ".join(f"order {number}" for number in shipped)))
    expected = [1, 2, 3] if has_schedule else [1, 2]
    invoices = _invoices(http, app)
    say(_row(app.name, "callback noted", ", ".join(invoices)))
    problems = [] if shipped == expected else [f"{app.name}: shipped {shipped}, expected {expected}"]
    noted = invoices == [f"invoice {INVOICE['id']}"]
    return problems if noted else [*problems, f"{app.name}: the callback has noted {invoices}"]


def _invoices(http: httpx.Client, app: App) -> list[str]:
    """What the callback of the task has noted, which comes behind the task."""
    for _ in range(50):
        noted: list[str] = _ask(app, lambda: http.get(f"{app.url}/invoices")).json()
        if noted:
            return noted
        time.sleep(0.1)
    return []


def _ask(app: App, request: Callable[[], httpx.Response]) -> httpx.Response:
    try:
        return request()
    except httpx.HTTPError as error:
        app.check()
        raise DemoError(f"the {app.name} app does not answer: {type(error).__name__}") from error


def _row(app: str, what: str, outcome: str) -> str:
    return f"{app:<10} {what:<36} {outcome}"
