"""Run mypy and pyright over what readers copy: the Python blocks of README and pages, example apps, the accessors.

Each checker once, in its strictest mode, over a directory in which the blocks stand beside each other. What some of
them import is there under its name. The shop of the examples is a project of its own, with classes that are generic to
mypy's plugin alone, and one import that depends on Django's version.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.readme import README, blocks  # noqa: E402 - of the checkout
from tests.site.pages import DOCS, PAGES  # noqa: E402

IMPORTED = {"app.py": README, "shop/jobs.py": DOCS / "howto" / "tasks.md"}
# Models of the reader's own, and a package without types.
UNCHECKED = ("from .models import", "import functions_framework")

MYPY = """
[mypy]
strict = true
plugins = mypy_django_plugin.main

[mypy.plugins.django-stubs]
django_settings_module = example_apps.django_outbox.settings
"""

SHOP = """
[mypy]
strict = true
disable_error_code = type-arg, no-redef
plugins = mypy_django_plugin.main

[mypy.plugins.django-stubs]
django_settings_module = config.settings
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for file, page in IMPORTED.items():
            (directory / file).parent.mkdir(exist_ok=True)
            (directory / file).write_text(next(block.code for block in blocks(page) if block.file == file))
        (directory / "shop" / "__init__.py").touch()
        for page in (README, *PAGES):
            codes = [block.code for block in blocks(page) if block.language == "python"]
            for number, code in enumerate(code for code in codes if not any(name in code for name in UNCHECKED)):
                name_of_page = page.stem.lower().replace("-", "_")
                (directory / f"{page.parent.name}_{name_of_page}_{number}.py").write_text(code)
        shutil.copytree(ROOT / "example_apps", directory / "example_apps", ignore=shutil.ignore_patterns("shop"))
        shutil.copy(ROOT / "tests" / "accessors.py", directory)
        (directory / "mypy.ini").write_text(MYPY)
        # What the fields of a model hold only mypy's plugin knows.
        pyright_config = {"typeCheckingMode": "strict", "ignore": ["example_apps/*/models.py"]}
        (directory / "pyrightconfig.json").write_text(json.dumps(pyright_config))
        with ThreadPoolExecutor(2) as side_by_side:
            pyright = side_by_side.submit(_code_of, directory, "pyright", "--pythonpath", sys.executable)
            mypy = side_by_side.submit(_code_of, directory, "mypy", ".")
            shop = side_by_side.submit(_code_of_shop)
    return max(checker.result() for checker in (pyright, mypy, shop))


def _code_of_shop() -> int:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        shutil.copytree(ROOT / "example_apps" / "shop", directory, dirs_exist_ok=True)
        (directory / "mypy.ini").write_text(SHOP)
        return _code_of(directory, "mypy", ".")


def _code_of(directory: Path, *checker: str) -> int:
    return subprocess.run([sys.executable, "-m", *checker], cwd=directory, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
