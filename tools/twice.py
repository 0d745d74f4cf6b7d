"""Run pytest, and what failed once more, alone: two cores that also run a browser and databases are late now and then.

What fails by itself fails twice. The second run's summary names what was only late.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

_FAILED = 1  # pytest's exit code where tests have failed, and nothing else is wrong


def main() -> int:
    with tempfile.TemporaryDirectory() as cache:
        # Not python -m pytest, which would find the checkout before the package that is installed.
        command = [str(Path(sys.executable).with_name("pytest")), *sys.argv[1:], "-o", f"cache_dir={cache}"]
        code = subprocess.run(command, check=False).returncode
        if code == _FAILED:
            print("once more, what has failed:", flush=True)
            code = subprocess.run([*command, "-n", "0", "--last-failed", "-r", "A"], check=False).returncode
    return code


if __name__ == "__main__":
    sys.exit(main())
