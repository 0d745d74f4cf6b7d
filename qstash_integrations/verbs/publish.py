"""``publish``: one message, by the client's own options."""

import json
from typing import Any

import click

from .._core.bodies import read_body
from .._core.publishing.results.published import PublishResponse
from .verb import DONE, Session, as_json, verb

_DESTINATIONS = ("url", "url_group")


@verb(None, "publish")
@click.option("--url", metavar="URL", help="The destination.")
@click.option("--url-group", metavar="NAME", help="Instead of a URL: all endpoints of a group.")
@click.option("--queue", metavar="NAME", help="Deliver it in the order of this queue.")
@click.option("--body", default="", metavar="TEXT", help="A text, @FILE, or @- for stdin; empty by default.")
@click.option("--content-type", metavar="TYPE", help="application/json by default where the body is JSON.")
@click.option("--method", metavar="METHOD", help="POST by default.")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="Forwarded; may be repeated.")
@click.option("--delay", metavar="DURATION", help="Such as 10m.")
@click.option("--retries", type=click.IntRange(0), metavar="N")
@click.option("--timeout", metavar="DURATION", help="Of one delivery.")
@click.option("--callback", metavar="URL", help="Gets the answer of the destination.")
@click.option("--failure-callback", metavar="URL", help="Hears of it when no try is left.")
@click.option("--label", multiple=True, metavar="TEXT", help="May be repeated.")
@click.option("--deduplication-id", metavar="ID", help="The same id within ten minutes is one message.")
@click.option("--flow-control-key", metavar="KEY")
@click.option("--parallelism", type=click.IntRange(1), metavar="N", help="Of the flow-control key.")
@as_json
def command(session: Session, *, as_json: bool, body: str, headers: tuple[str, ...], **given: Any) -> int:
    """Publish a message."""
    message = {name: value for name, value in given.items() if value not in (None, ())}
    if sum(name in message for name in _DESTINATIONS) != 1:
        raise click.UsageError("give --url or --url-group")
    content = read_body(body)
    message.update(body=content, headers=dict(map(_header, headers)), label=list(given["label"]) or None)
    if "content_type" not in message and _is_json(content):
        message["content_type"] = "application/json"
    key, parallelism = message.pop("flow_control_key", None), message.pop("parallelism", None)
    if parallelism is not None and key is None:
        raise click.UsageError("--parallelism is that of a --flow-control-key")
    if key is not None:
        message["flow_control"] = {"key": key} | ({} if parallelism is None else {"parallelism": parallelism})
    client: Any = session.client
    answer = client.enqueue(message) if "queue" in message else client.publish(message)
    found = [answer] if isinstance(answer, PublishResponse) else list(answer)
    shown = [{"message_id": one.message_id, "url": one.url, "deduplicated": one.deduplicated} for one in found]
    if as_json:
        session.output.json({"messages": shown})
    for one in () if as_json else found:
        session.output.say(f"{one.message_id}{'  a duplicate, not delivered' if one.deduplicated else ''}")
    return DONE


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise click.UsageError(f"--header takes 'NAME: VALUE', and {text.split('=')[0]!r} has no colon")
    return name.strip(), value.strip()


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True
