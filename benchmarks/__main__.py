"""Run benchmarks: ``python -m benchmarks [--json] [NAME ...]``, all of them without a name.

Prints one table: ours, a peer (the official SDK where nothing else is said), the floor of what the machine can do, and
the ratios with what is wanted of them. Exits with 1 when a target was missed.
"""

import argparse
import importlib
import json
import platform
import sys
import warnings

from .table import Row, table

NAMES = (
    "verify",
    "middleware",
    "requests",
    "imports",
    "publish",
    "publish_many",
    "server",
    "once",
    "handlers",
    "tasks",
    "outbox",
    "telemetry",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure this package beside others.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; all without one")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    warnings.filterwarnings("ignore", message="The HMAC key")  # PyJWT's, about keys as QStash gives them
    rows: list[Row] = []
    for name in given.names or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"benchmarks.{name}").measure()
    if given.json:
        print(json.dumps({"machine": machine(), "rows": [row.as_json() for row in rows]}, indent=2))
    else:
        print(f"{machine()}\n\n{table(rows)}")
    return 0 if all(target.met for row in rows for target in row.targets) else 1


def machine() -> str:
    return f"Python {platform.python_version()}, {platform.system()} on {platform.machine()}"


if __name__ == "__main__":
    sys.exit(main())
