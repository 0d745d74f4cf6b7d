"""``keys``: the pair that QStash signs with. A key is masked unless it is to be revealed."""

import hashlib

import click

from .._core.publishing.results.signing_key import SigningKey
from .verb import DONE, FAILED, Group, Session, as_json, confirm, verb, yes

_reveal = click.option("--reveal", is_flag=True, help="Show the keys themselves.")


@click.group("keys", cls=Group)
def command() -> None:
    """Signing keys of the account."""


@verb(command, "show")
@_reveal
@as_json
def show(session: Session, *, reveal: bool, as_json: bool) -> int:
    """Both keys, and whether the app here has them too."""
    return _tell(session, session.client.signing_key.get(), reveal, as_json)


@verb(command, "rotate")
@_reveal
@yes
@as_json
def rotate(session: Session, *, reveal: bool, yes: bool, as_json: bool) -> int:
    """Make the next key the current one, and a new next one."""
    act = "rotate the signing keys of the account: an app that has only the current one refuses all messages"
    if not confirm(session.output, act, sure=yes):
        return FAILED
    return _tell(session, session.client.signing_key.rotate(), reveal, as_json)


def _tell(session: Session, keys: SigningKey, reveal: bool, as_json: bool) -> int:
    ours = set(filter(None, session.app.load().signing_keys))
    pairs = (("current", keys.current), ("next", keys.next))
    if as_json:
        shown = {name: {"key": _shown(key, reveal), "is_here": key in ours} for name, key in pairs}
        session.output.json(shown)
    else:
        rows = [(name, _shown(key, reveal), "yes" if key in ours else "no") for name, key in pairs]
        session.output.table(("key", "value", "in the settings here"), rows, none="")
    return DONE


def _shown(key: str, reveal: bool) -> str:
    """Two that are masked alike are the same."""
    return key if reveal else f"sig_*** (sha256 {hashlib.sha256(key.encode()).hexdigest()[:8]})"
