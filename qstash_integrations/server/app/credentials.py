"""The token and the signing keys of a server: the published ones of local development, or its own.

Everybody knows the published ones. They serve where only this machine can use them, or where it was said in writing
that everybody there may; any other server that others reach makes its own, and keeps them in its file if it has one.
"""

import re
from typing import NamedTuple

from ..._core.receiving.receiver import DEV_KEYS as PUBLISHED
from ..engine import Engine
from ..identifiers import password, signing_key
from ..model import Keys, StartupError
from ..tables import Store

# Printed in Upstash's documentation; what every SDK expects of a development server.
DEV_TOKEN = "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0="  # noqa: S105
DEV_KEYS = Keys(current="sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", next="sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs")
_SETTING = "token"
_READ_ONLY = re.compile(r"[A-Za-z0-9._~+/=-]{16,256}", re.ASCII)


class User(NamedTuple):
    token: str
    keys: Keys


# The documented users beside the first, for those who try what has to stay apart.
DEV_USERS = (
    User(
        "eyJVc2VySUQiOiJ0ZXN0VXNlcjEiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9",
        Keys(current="sig_7GVPjvuwsfqF65iC8fSrs1dfYruM", next="sig_5NoELc3EFnZn4DVS5bDs2Nk4b7Ua"),
    ),
    User(
        "eyJVc2VySUQiOiJ0ZXN0VXNlcjIiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9",
        Keys(current="sig_6jWGaWRxHsw4vMSPJprXadyvrybF", next="sig_7qHbvhmahe5GwfePDiS5Lg3pi6Qx"),
    ),
    User(
        "eyJVc2VySUQiOiJ0ZXN0VXNlcjMiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9",
        Keys(current="sig_5T8FcSsynBjn9mMLBsXhpacRovJf", next="sig_7GFR4YaDshFcqsxWRZpRB161jguD"),
    ),
)


def check_read_only_token(text: str) -> None:
    """Raises StartupError for one that could be guessed, could not be sent, or may do more than read."""
    if not _READ_ONLY.fullmatch(text):
        raise StartupError("--read-only-token must have 16 to 256 characters: letters, digits and -._~+/=")
    if text in (DEV_TOKEN, *(user.token for user in DEV_USERS)):
        raise StartupError("--read-only-token is a published token, with which one may do everything; use another one")


def token(store: Store, is_published: bool) -> str:
    """The token that callers need."""
    if is_published:
        return DEV_TOKEN
    found = store.settings.get(_SETTING)
    if found is None:
        found = password()
        with store.transaction():
            store.settings.put(_SETTING, found)
    return found


def first_keys(published: bool) -> Keys:
    """The keys of a server that has none yet."""
    return DEV_KEYS if published else Keys(current=signing_key(), next=signing_key())


def retire_published_keys(engine: Engine) -> None:
    """Sign with keys of its own on a server that others reach, whatever its file was used for before."""
    # The next key becomes the current one first, so it takes two turns until both are new.
    while not PUBLISHED.isdisjoint((engine.keys.get().current, engine.keys.get().next)):
        engine.keys.rotate()
