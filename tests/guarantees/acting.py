"""Processes of a shop by the dozen: each is a fork of one that has imported it, and has a clock of its own.

``python -m tests.guarantees.acting SHOP`` reads lines of JSON: a clock, a file for what is printed, and what to do. It
answers with the id of the process that does it; a line with such an id is answered with how that ended.
"""

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

import time_machine

from tests.guarantees.shops.given import STAY


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # a signal takes its time


def act(shop: Any, what: Sequence[str]) -> None:
    match what:
        case ["create"]:
            shop.create_tables()
        case ["relay"]:
            shop.relay("--once")
        case ["order", number, fate]:
            shop.order(int(number), fate)
            time.sleep(STAY if fate == "commit" else 0)
        case ["order", number, fate, "before-commit"]:
            shop.order(int(number), fate, meanwhile=die)
        case ["order", number, fate, "after-commit"]:
            shop.order(int(number), fate, committed=die)


def fork(shop: Any, clock: float, printed: str, what: Sequence[str]) -> int:
    if process := os.fork():
        return process
    file = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for standard in (1, 2):
        os.dup2(file, standard)
    try:
        with time_machine.travel(time.time() + clock, tick=True):
            act(shop, what)
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    else:
        code = 0
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def main() -> None:
    shop = importlib.import_module(f"tests.guarantees.shops.{sys.argv[1]}")
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked, int):
            print(os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1]), flush=True)
        else:
            print(fork(shop, *asked), flush=True)


if __name__ == "__main__":
    main()
