"""A body as a command line names it."""

import sys
from pathlib import Path

from .errors import QStashError


def read_body(body: str) -> bytes:
    """A text, ``@FILE`` or ``@-`` for stdin, as for curl's ``--data-binary``."""
    if not body.startswith("@"):
        return body.encode()
    if body == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(body[1:]).read_bytes()
    except OSError as error:
        raise QStashError(f"--body {body}: {error.strerror or error}") from error
