"""Makes the sync client, ``publishing/_sync``, of the async one, which is written by hand.

    python tools/unasync.py            # writes it; needs ruff
    python tools/unasync.py --check    # says which files are not as they would be written, and exits with 1

Words are replaced and nothing else, in code and docstrings alike: so both packages read the same, and what has to wait
in another way stands twice, by hand, in ``publishing/waiting.py`` and ``publishing/connections.py``.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
ASYNC = ROOT / "qstash_integrations" / "_core" / "publishing" / "_async"
SYNC = ASYNC.with_name("_sync")
MADE = "# Made of _async/{name} by tools/unasync.py: change that one, and run it.\n"
# In this order.
WORDS = [
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\basync (?=def|for|with)", ""),
        (r"\bawait ", ""),
        (r"\bAwaitable, ", ""),
        (r"\bAwaitable\[(\w+)\]", r"\1"),
        (r"\bStopAsyncIteration\b", "StopIteration"),
        (r"\bhandle_async_request\b", "handle_request"),
        (r"\bPerLoop\b", "PerProcess"),
        (r"\bAsync(?=[A-Z])", ""),
        (r"\basync_(?=\w)", ""),
        (r"\b__a(?=(enter|exit|iter|next)__)", "__"),
        (r"\ba(?=close\b|iter_bytes\b)", ""),
    )
]


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the sync client of the async one.")
    parser.add_argument("--check", action="store_true", help="write nothing, and exit with 1 where something would be")
    check = parser.parse_args().check
    wanted = {path: formatted(path, text) for path, text in generated()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    left_over = sorted(set(SYNC.glob("*.py")) - wanted.keys())
    for path in (*stale, *left_over):
        print(f"{path.relative_to(ROOT)} {'is' if check else 'was'} not what _async says", file=sys.stderr)
    if check:
        return 1 if stale or left_over else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    for path in left_over:
        path.unlink()
    return 0


def generated() -> Iterator[tuple[Path, str]]:
    """Every module of the sync client and its text, but for the layout."""
    for source in sorted(ASYNC.glob("*.py")):
        yield SYNC / source.name, MADE.format(name=source.name) + without_async(source.read_text(encoding="utf-8"))


def without_async(text: str) -> str:
    for pattern, instead in WORDS:
        text = pattern.sub(instead, text)
    return text


def formatted(path: Path, text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path), "-"]
    return subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
