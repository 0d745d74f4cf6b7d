"""``sign``: a request as QStash would make it, for curl. The key never shows."""

import click

from ..verbs.publish_many import destination
from ..verbs.verb import DONE, Session, as_json, verb


@verb(None, "sign")
@click.option("--url", required=True, type=destination, metavar="URL", help="The URL that the app is published under.")
@click.option("--body", default="", metavar="TEXT", help="A text, @FILE, or @- for stdin; empty by default.")
@click.option("--method", default="POST", show_default=True, help="For --curl.")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="Make a claim wrong: exp=0, or jti=null.")
@click.option("--curl", is_flag=True, help="Print a curl command instead.")
@as_json
def command(
    session: Session, *, url: str, body: str, method: str, claims: tuple[str, ...], curl: bool, as_json: bool
) -> int:
    """Print the headers of a signed request.

    As QStash would make it, for the app whose signing key is set here.
    """
    from ..testing.signing import SignedRequest  # which needs PyJWT, and that its time

    keys = session.app.load().signing_keys
    request = SignedRequest.of(url, body, claims, method=method, key=keys.current)
    if as_json:
        shown = {"url": url, "method": method, "headers": dict(request.headers), "curl": request.curl}
        session.output.json(shown)
    else:
        session.output.say(request.curl if curl else request.lines)
    return DONE
