"""``url-groups``: names for several destinations."""

from collections.abc import Sequence
from typing import cast

import click

from .._core.publishing.message_options import RemoveEndpoint, UpsertEndpoint
from .._core.publishing.results.url_group import UrlGroup
from .showing import moment, place, reveal
from .verb import DONE, FAILED, Group, Session, as_json, confirm, verb, yes


@click.group("url-groups", cls=Group)
def command() -> None:
    """URL groups of the account."""


@verb(command, "list")
@reveal
@as_json
def list_(session: Session, *, reveal: bool, as_json: bool) -> int:
    """All URL groups."""
    groups = session.client.url_group.list()
    if as_json:
        session.output.json([_shown(group, reveal) for group in groups])
    else:
        rows = [(group.name, len(group.endpoints), moment(group.updated_at)) for group in groups]
        session.output.table(("name", "endpoints", "updated"), rows, none="no URL groups")
    return DONE


@verb(command, "show")
@click.argument("name")
@reveal
@as_json
def show(session: Session, *, name: str, reveal: bool, as_json: bool) -> int:
    """One URL group with its endpoints."""
    group = session.client.url_group.get(name)
    if as_json:
        session.output.json(_shown(group, reveal))
    else:
        rows = [(endpoint.name, place(endpoint.url, revealed=reveal)) for endpoint in group.endpoints]
        session.output.table(("name", "url"), rows, none="no endpoints")
    return DONE


@verb(command, "add")
@click.argument("name")
@click.argument("endpoints", nargs=-1, required=True, metavar="[NAME=]URL...")
@as_json
def add(session: Session, *, name: str, endpoints: Sequence[str], as_json: bool) -> int:
    """Add endpoints; the group is made if there is none."""
    session.client.url_group.upsert_endpoints(name, [_endpoint(text) for text in endpoints])
    return _told(session, "added", len(endpoints), as_json)


@verb(command, "remove")
@click.argument("name")
@click.argument("endpoints", nargs=-1, required=True, metavar="NAME|URL...")
@as_json
def remove(session: Session, *, name: str, endpoints: Sequence[str], as_json: bool) -> int:
    """Take endpoints out of the group."""
    gone = [cast("RemoveEndpoint", {"url" if "://" in text else "name": text}) for text in endpoints]
    session.client.url_group.remove_endpoints(name, gone)
    return _told(session, "removed", len(endpoints), as_json)


@verb(command, "delete")
@click.argument("name")
@yes
@as_json
def delete(session: Session, *, name: str, yes: bool, as_json: bool) -> int:
    """Delete a URL group."""
    if not confirm(session.output, f"delete the URL group {name}", sure=yes):
        return FAILED
    session.client.url_group.delete(name)
    session.output.json({"deleted": name}) if as_json else session.output.say(f"{name} deleted")
    return DONE


def _told(session: Session, done: str, count: int, as_json: bool) -> int:
    session.output.json({done: count}) if as_json else session.output.say(f"{count} {done}")
    return DONE


def _endpoint(text: str) -> UpsertEndpoint:
    name, equals, url = text.partition("=")
    found = {"name": name, "url": url} if equals and "://" not in name else {"url": text}
    return cast("UpsertEndpoint", found)


def _shown(group: UrlGroup, revealed: bool) -> dict[str, object]:
    endpoints = [{"name": one.name, "url": place(one.url, revealed=revealed)} for one in group.endpoints]
    return {
        "name": group.name,
        "created_at": moment(group.created_at),
        "updated_at": moment(group.updated_at),
        "endpoints": endpoints,
    }
