"""Where a command reads and writes."""

import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where a command reads and writes."""

    say: Callable[[str], object]
    complain: Callable[[str], object]
    ask: Callable[[str], bool] | None
    """None where nobody can answer."""

    @classmethod
    def of_process(cls) -> "Terminal":
        def say(text: str) -> None:
            sys.stdout.write(f"{text}\n")

        def complain(text: str) -> None:
            sys.stderr.write(f"{text}\n")

        return cls(say=say, complain=complain, ask=_ask if sys.stdin is not None and sys.stdin.isatty() else None)


def _ask(question: str) -> bool:
    """On stderr: what is printed may go into a file."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
