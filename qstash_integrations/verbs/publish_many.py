"""``publish-many``: each line of JSON becomes a message, however many lines there are, and each failed one is told."""

import click

from .._core.publishing.inputs import check_url
from .verb import DONE, FAILED, Session, as_json, read_by, verb


@read_by
def destination(text: str) -> str:
    """A URL that can be published to."""
    return check_url(text, "it")


@verb(None, "publish-many")
@click.option("--url", required=True, type=destination, metavar="URL", help="The destination of the messages.")
@click.option(
    "--json-lines", default="-", metavar="FILE", help="A file with JSON in each line; - for stdin, the default."
)
@click.option(
    "--chunk-size", type=click.IntRange(1), default=100, show_default=True, help="Messages per call to QStash."
)
@as_json
def command(session: Session, *, url: str, json_lines: str, chunk_size: int, as_json: bool) -> int:
    """Publish every line of a file as a message of its own."""
    from ..json_lines import Failed, publish_lines  # with the HTTP library

    output, failed = session.output, list[Failed]()

    def tell(failure: Failed) -> None:
        failed.append(failure)
        output.complain(f"line {failure.line} of {failure.source} {failure.why}")

    accepted = publish_lines(session.client, url, json_lines, chunk_size=chunk_size, tell=tell, begin=output.progress)
    if as_json:
        output.json({"accepted": accepted, "failed": [{"line": one.line, "error": one.why} for one in failed]})
    else:
        left = f", {len(failed)} failed" if failed else ""
        output.say(f"{accepted} message{'' if accepted == 1 else 's'} published{left}")
    return FAILED if failed else DONE
