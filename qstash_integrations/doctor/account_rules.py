"""Rules over what the API says: Q300 to Q304, and Q601 to Q604. Pure."""

from collections.abc import Iterator

from .facts import Facts
from .findings import Said
from .log import bases_of, is_ours, old


def token_refused(facts: Facts) -> Iterator[Said]:
    if facts.account and facts.account.failure == "refused":
        yield Said(sentence=f"QStash at {facts.shapes.api_url} refuses the token")


def no_api(facts: Facts) -> Iterator[Said]:
    account = facts.account
    if account and account.failure == "unknown":
        yield Said(sentence=f"{facts.shapes.api_url} answers, and is no API of QStash: it knows no /v2/keys")


def api_unreachable(facts: Facts) -> Iterator[Said]:
    account = facts.account
    if account and account.failure in ("dns", "tls", "unreachable", "broken"):
        what = {"dns": "has no address", "tls": "has a certificate that is refused"}.get(
            account.failure, "gives no answer" if account.failure == "unreachable" else "does not answer as QStash does"
        )
        yield Said(sentence=f"QSTASH_URL {facts.shapes.api_url} {what}: {account.detail[:200]}")


def other_keys(facts: Facts) -> Iterator[Said]:
    account = facts.account
    if account and account.current_fits is False and not account.swapped and not account.rotated:
        yield Said(sentence="the signing keys here are not those of the account, or the region, of the token")


def swapped_keys(facts: Facts) -> Iterator[Said]:
    if facts.account and facts.account.swapped:
        yield Said(sentence="the current and the next signing key are exchanged; it works until the keys are rotated")


def rotated_keys(facts: Facts) -> Iterator[Said]:
    account = facts.account
    if account and account.rotated:
        yield Said(sentence="the keys of the account were rotated, and the current one here is the one before")
    elif account and account.current_fits and account.next_fits is False:
        yield Said(
            sentence="the next signing key here is none of the account's: the next rotation will refuse requests"
        )


def paused_queue(facts: Facts) -> Iterator[Said]:
    for queue in facts.account.queues if facts.account else ():
        if queue.paused and queue.before:
            yield Said(sentence=f"the queue {queue.name!r} is paused, and {_messages(queue.before)} in it")


def held_back(facts: Facts) -> Iterator[Said]:
    for flow in facts.account.flows if facts.account else ():
        if flow.paused:
            yield Said(
                sentence=f"the flow-control key {flow.name!r} is paused, and {_messages(flow.after)} for it",
                severity="error",
            )
        elif flow.held:
            yield Said(sentence=f"the flow-control key {flow.name!r} lets nothing go: {_messages(flow.after)} for it")


def old_schedules(facts: Facts) -> Iterator[Said]:
    for schedule in old(facts, facts.account.schedules if facts.account else ()):
        where = "where this app has no route"
        if not is_ours(facts, schedule.url):
            where = f"and fails; this app is at {bases_of(facts)[0]}"
        yield Said(sentence=f"the schedule {schedule.id} calls {schedule.url}, {where}")


def old_messages(facts: Facts) -> Iterator[Said]:
    urls = [message.url for message in old(facts, facts.account.messages if facts.account else ())]
    for url in dict.fromkeys(urls):
        yield Said(sentence=f"messages to {url} are tried again and again, and this app has no such URL")


def _messages(count: int) -> str:
    return f"{count:,} message{' waits' if count == 1 else 's wait'}"
