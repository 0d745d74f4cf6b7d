"""Runs the Python blocks of one page, in a process of its own: ``python -m tests.site.page docs/outbox.md DIRECTORY``.

A block that begins with ``# shop/tasks.py`` is saved under that name and imported, so that those behind it find it;
``# settings.py`` is what Django is configured with. Nothing leaves the process.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from qstash_integrations._core.publishing.client import override_transport
from tests.readme import Block, blocks
from tests.sent import Sent

# What a page takes for granted of the reader's own project.
MODELS = """
from django.db import models


class Order(models.Model):
    shipped = models.BooleanField(default=False)

    class Meta:
        app_label = "shop"
"""


def main() -> None:
    page, directory = Path(sys.argv[1]), Path(sys.argv[2])
    sys.path.insert(0, str(directory))
    python = [block for block in blocks(page) if block.language == "python"]
    if any("django" in block.code for block in python):
        _configure(next((block for block in python if block.file == "settings.py"), None), directory)
    with override_transport(Sent()):
        for number, block in enumerate(python):
            if block.file != "settings.py":
                _run(block, directory, f"{page.name}, block {number}, {block.heading}")


def _run(block: Block, directory: Path, title: str) -> None:
    if block.file is None or block.file.startswith("test"):
        exec(compile(block.code, title, "exec"), {"__name__": "app"})
        return
    file = directory / block.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.code, encoding="utf-8")
    name = block.file.removesuffix(".py").replace("/", ".")
    sys.modules.pop(name, None)
    import_module(name)


def _configure(given: Block | None, directory: Path) -> None:
    import django
    from django.conf import settings

    (directory / "shop").mkdir()
    (directory / "shop" / "models.py").write_text(MODELS, encoding="utf-8")
    (directory / "shop" / "tasks.py").write_text("", encoding="utf-8")
    own: dict[str, Any] = {}
    exec(compile(given.code if given else "", "settings.py", "exec"), own)
    settings.configure(
        **{
            "SECRET_KEY": "only for tests",
            "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            "INSTALLED_APPS": ["qstash_integrations.django"],
            "USE_TZ": True,
            **{name: value for name, value in own.items() if name.isupper()},
        }
    )
    django.setup()


if __name__ == "__main__":
    main()
