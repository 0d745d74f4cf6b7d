"""A local QStash to be killed, with everything in a file: ``python -m tests.guarantees.local_qstash PORT FILE``."""

import signal
import sys
from pathlib import Path

from qstash_integrations.server.app import ServerConfig, running
from qstash_integrations.server.model import Limits


def main() -> None:
    port, file = sys.argv[1:]
    with running(ServerConfig(port=int(port), db=Path(file), limits=Limits(parallelism=8))):
        signal.pause()


if __name__ == "__main__":
    main()
