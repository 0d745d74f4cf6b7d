"""The code blocks of README and of the pages of the site, in order, with the heading that each stands under."""

import itertools
import re
import shlex
import textwrap
from pathlib import Path
from typing import NamedTuple

from qstash_integrations.cli.console import read

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
# Those of a tab are indented.
_BLOCK = re.compile(r"^(?P<indent> *)```(\w+)\n(.*?)^(?P=indent)```$|^## ([^\n]+)$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    heading: str
    language: str
    code: str

    @property
    def file(self) -> str | None:
        """The name that a comment in its first line gives it."""
        named = re.match(r"# ([\w/]+\.py)\n", self.code)
        return named and named[1]


def blocks(page: Path = README) -> list[Block]:
    found: list[Block] = []
    heading = ""
    for match in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        if match[4]:
            heading = match[4]
        else:
            found.append(Block(heading, match[2], textwrap.dedent(match[3])))
    return found


def commands(heading: str | None = None, page: Path = README) -> list[str]:
    """What is typed at the prompts of a page, or below one of its headings."""
    code = "".join(
        block.code for block in blocks(page) if block.language == "console" and heading in (None, block.heading)
    )
    return [line.removeprefix("$ ") for line in code.splitlines() if line.startswith("$ ")]


def read_ours(line: str) -> None:
    """Read the options of a ``qstash-integrations ...``; UsageError where one does not exist."""
    program, *arguments = shlex.split(line, comments=True)
    assert program == "qstash-integrations"
    # Behind it stands a program of the reader's.
    read([*itertools.takewhile("--".__ne__, arguments)])
