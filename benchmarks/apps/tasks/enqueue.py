"""``python -m benchmarks.apps.tasks.enqueue WAY``: enqueues as many as a line of its input says, line by line."""

import sys

import django

django.setup()

from .work import WAYS  # noqa: E402 - needs the settings

way = WAYS[sys.argv[1]]
print("ready", flush=True)
for line in sys.stdin:
    for number in range(int(line)):
        way(number)
    print("done", flush=True)
