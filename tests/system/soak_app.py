"""A Flask app whose only task takes its time, and tells a file that it has ended, and in which process."""

import os
import time

from flask import Flask

from qstash_integrations.flask import QStash
from qstash_integrations.once import SQLiteStore
from qstash_integrations.tasks import task


@task(name="work", retries=4, retry_delay=500)
def work(number: int) -> int:
    time.sleep(0.002)
    line = f"{number} {os.getpid()}\n".encode()
    ended = os.open(os.environ["SOAK_ENDED"], os.O_WRONLY | os.O_APPEND)
    os.write(ended, line)
    os.close(ended)
    return number


app = Flask(__name__)
if "SOAK_STORE" in os.environ:  # for gunicorn; whoever publishes needs no app
    QStash(app, tasks=[work], once=SQLiteStore(os.environ["SOAK_STORE"], timeout=30))
