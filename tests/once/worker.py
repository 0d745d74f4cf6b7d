"""A worker process that serves duplicates of one message: ``python -m tests.once.worker STORE ADDRESS FIRST TIMES``.

It waits for a line on its input, so that several can start together, and prints how often its handler ran, how many
attempts were told that another is at work, and how many that the message is done. ``FIRST`` numbers its first token.
"""

import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from qstash_integrations.flask import verify_qstash
from qstash_integrations.once import RedisStore, SQLiteStore
from tests.hosts import wsgi_send
from tests.once.attempts import OPTIONS, attempt


def main(kind: str, address: str, first: str, times: str) -> None:
    store = SQLiteStore(address, timeout=60) if kind == "sqlite" else RedisStore(address)
    app = Flask("worker")

    @app.post("/hooks/ship")
    @verify_qstash(**OPTIONS, once=store)
    def ship() -> str:
        # Long enough for some to find it at work.
        threading.Event().wait(0.05)
        return "shipped"

    requests = [attempt(number) for number in range(int(first), int(first) + int(times))]
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(8) as threads:
        answers = Counter(answer.body for answer in threads.map(wsgi_send(app), requests))
    print(answers.pop(b"shipped", 0), answers.pop(b'{"error":"delivery in progress"}', 0), end=" ")
    print(answers.pop(b'{"duplicate":true}', 0), *answers, flush=True)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
