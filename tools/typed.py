"""Run mypy and pyright over what readers copy: every Python block of the README, every example app, the accessors.

Each checker once, in its strictest mode, over a directory in which the blocks stand beside each other. The first block
is ``app.py``, as in the README's own test blocks.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.readme import blocks  # noqa: E402 - of the checkout

MYPY = """
[mypy]
strict = true
plugins = mypy_django_plugin.main

[mypy.plugins.django-stubs]
django_settings_module = example_apps.django_outbox.settings
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for number, block in enumerate(block for block in blocks() if block.language == "python"):
            file = "app" if number == 0 else f"block_{number:02}_{block.heading.split()[0].lower()}"
            (directory / f"{file}.py").write_text(block.code)
        shutil.copytree(ROOT / "example_apps", directory / "example_apps")
        shutil.copy(ROOT / "tests" / "accessors.py", directory)
        (directory / "mypy.ini").write_text(MYPY)
        # What the fields of a model hold only mypy's plugin knows.
        pyright_config = {"typeCheckingMode": "strict", "ignore": ["example_apps/*/models.py"]}
        (directory / "pyrightconfig.json").write_text(json.dumps(pyright_config))
        python = [sys.executable, "-m"]
        mypy = [*python, "mypy", "."]
        pyright = [*python, "pyright", "--pythonpath", sys.executable]
        return max(subprocess.run(command, cwd=directory, check=False).returncode for command in (mypy, pyright))


if __name__ == "__main__":
    sys.exit(main())
