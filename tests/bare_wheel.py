"""What the wheel alone can do, without extras and away from the checkout. A program: exits 1 where it cannot."""

import importlib.metadata
import importlib.resources
import subprocess
import sys
from collections.abc import Callable

import qstash_integrations
from qstash_integrations import QStash, QStashError, Receiver, SignatureError


def main() -> int:
    root = importlib.resources.files(qstash_integrations)
    for name in ("py.typed", "_examples/flask_app.py", "_examples/django_app/views.py", "server/tables/schema.sql"):
        assert root.joinpath(name).is_file(), f"{name} is not in the wheel"
    for name in ("shop", "compose.yaml", "tests", "fastapi_outbox.py"):
        assert not root.joinpath("_examples", name).exists(), (
            f"{name} of the examples is in the wheel, and no demo runs it"
        )
    assert not {"tests", "example_apps", "benchmarks"} & set(_top_level()), "the wheel puts more than one package down"

    receiver = Receiver("sig_TESTONLYcurrent000000000000A", None)
    forged = _error(lambda: receiver.verify(signature="x.y.z", body=b"", url=None))
    assert isinstance(forged, SignatureError), "a forged signature was accepted"
    assert forged.reason == "malformed"
    assert "QSTASH_TOKEN is not set" in str(_error(QStash)), "a client without a token was made"
    QStash("a-token").close()

    for command, extra in (("dev", "qstash_integrations[server]"), ("demo", "qstash_integrations[all]")):
        for program in (["qstash-integrations"], [sys.executable, "-m", "qstash_integrations"]):
            ended = subprocess.run([*program, command], capture_output=True, text=True, timeout=60, check=False)
            assert ended.returncode == 1, f"{command} should need an extra here"
            assert extra in ended.stderr, ended.stderr
            assert ended.stderr.count("\n") == 1, f"more than one line: {ended.stderr}"
    sys.stdout.write("the bare wheel does what it should\n")
    return 0


def _error(call: Callable[[], object]) -> QStashError | None:
    try:
        call()
    except QStashError as error:
        return error
    return None


def _top_level() -> set[str]:
    files = importlib.metadata.files("qstash_integrations") or []
    return {file.parts[0] for file in files}


if __name__ == "__main__":
    sys.exit(main())
