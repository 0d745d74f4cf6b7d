"""Where a command reads and writes."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

from .._core.errors import ConfigurationError


class NobodyToAsk(ConfigurationError):
    """What is not done without being sure, and there is no terminal."""


class Drawn(Protocol):
    """For a ``with`` block: how far long work has come, of a total that may be known."""

    def draw(self, done: int, text: str) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class Undrawn:
    """Where nobody looks."""

    def draw(self, done: int, text: str) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _undrawn(what: str, total: int | None) -> Drawn:
    return Undrawn()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where a command reads and writes."""

    say: Callable[[str], object]
    complain: Callable[[str], object]
    ask: Callable[[str], bool] | None
    """None where nobody can answer."""
    progress: Callable[[str, int | None], Drawn] = _undrawn
    """What is done, and of how many."""

    @classmethod
    def of_process(cls) -> "Terminal":
        def say(text: str) -> None:
            sys.stdout.write(f"{text}\n")

        def complain(text: str) -> None:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

        return cls(say=say, complain=complain, ask=_ask if sys.stdin is not None and sys.stdin.isatty() else None)

    def confirm(self, act: str) -> bool:
        """Whether to go on: ``act`` is what would be done, as in "delete 3 dead letters". Raises NobodyToAsk."""
        if self.ask is None:
            raise NobodyToAsk(f"this would {act}, and there is no terminal to ask at; give --yes as well")
        return self.ask(f"{act[0].upper()}{act[1:]}? [y/N] ")


def _ask(question: str) -> bool:
    """On stderr: what is printed may go into a file."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
