"""Writes the table of layers in ``docs/architecture.md`` from the import-linter contracts in ``pyproject.toml``.

python tools/layers.py            # writes it
python tools/layers.py --check    # exits with 1 when the page says something else
"""

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- layers -->\n", "<!-- end of layers -->\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the table of layers from the import-linter contracts.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when the table is out of date")
    check = parser.parse_args().check
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    written = before + BEGIN + table() + END + rest.partition(END)[2]
    if written == page:
        return 0
    if check:
        print(f"{PAGE.relative_to(ROOT)} is not what pyproject.toml says: run python tools/layers.py", file=sys.stderr)
        return 1
    PAGE.write_text(written, encoding="utf-8")
    return 0


def table() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts: list[dict[str, Any]] = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return "".join(_section(contract) for contract in contracts if contract["type"] == "layers")


def _section(contract: dict[str, Any]) -> str:
    """The uppermost layer first; what stands in one line does not import each other."""
    rows = [f"| {', '.join(f'`{name}`' for name in layer.split(' | '))} |\n" for layer in contract["layers"]]
    return f"| {contract['name']}: `{contract['containers'][0]}` |\n| --- |\n{''.join(rows)}\n"


if __name__ == "__main__":
    sys.exit(main())
