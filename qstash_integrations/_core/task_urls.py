"""The URL of a task: its name is the last part of the path, and what is known of the call stands in the query.

Such a URL is signed, and so is what it says. That a URL has this form proves nothing else: others may look like it.
"""

import re

NAME = r"[A-Za-z0-9_.-]+"
_URL = re.compile(rf"[^?#]*/({NAME})\?(?:id=[A-Za-z0-9-]{{1,64}}&at=[0-9]{{1,15}}&)?of=[0-9]{{1,7}}", re.ASCII)


def task_of(url: str) -> str | None:
    """The name of the task that ``url`` calls; None for any other URL."""
    found = _URL.fullmatch(url)
    return found[1] if found else None
