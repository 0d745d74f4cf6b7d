"""What an environment cannot run is left out there: Vercel's runtime is for Python 3.12 and later."""

import sys

collect_ignore = [] if sys.version_info >= (3, 12) else ["test_vercel.py"]
