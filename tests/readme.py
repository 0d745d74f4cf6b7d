"""The README's code blocks, in order, with the heading that each stands under."""

import re
from pathlib import Path
from typing import NamedTuple

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$|^## ([^\n]+)$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    heading: str
    language: str
    code: str


def blocks() -> list[Block]:
    found: list[Block] = []
    heading = ""
    for match in _BLOCK.finditer(README.read_text()):
        if match[3]:
            heading = match[3]
        else:
            found.append(Block(heading, match[1], match[2]))
    return found


def commands(heading: str) -> list[str]:
    """What is typed at the prompts below a heading."""
    code = "".join(block.code for block in blocks() if block.heading == heading and block.language == "console")
    return [line.removeprefix("$ ") for line in code.splitlines() if line.startswith("$ ")]
