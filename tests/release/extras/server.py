"""Extra ``server``: the local QStash starts in a process of its own, and takes a message and a schedule."""

import os
import subprocess
import sys

from qstash_integrations import QStash
from qstash_integrations.testing import LocalQStash, Outbox

assert LocalQStash
with Outbox() as outbox, QStash() as client:
    client.publish_json(url="https://shop.example/ship", body={"id": 3})
outbox.assert_published(url="https://shop.example/ship", json={"id": 3})

publish = """
from qstash_integrations import QStash
with QStash() as client:
    assert client.publish_json(url="http://127.0.0.1:9/ship", body={"id": 3}, delay="1h").message_id
    made = client.schedule.create(destination="http://127.0.0.1:9/ship", cron="0 3 * * *")
    print("due", client.schedule.get(made).cron)
"""
ended = subprocess.run(
    [sys.executable, "-m", "qstash_integrations", "dev", "--port", "0", "--", sys.executable, "-c", publish],
    env={name: value for name, value in os.environ.items() if not name.startswith("QSTASH_")},
    capture_output=True,
    text=True,
    timeout=60,
    check=False,
)
assert ended.returncode == 0, ended.stderr
assert "due 0 3 * * *" in ended.stdout, ended.stdout
