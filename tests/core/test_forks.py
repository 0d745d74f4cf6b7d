"""The child of a fork works, whatever another thread of the parent was at."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

ROOT = Path(__file__).parents[2]
FORK = """
import os, signal, threading
from qstash_integrations import KeyRing, QStash
from qstash_integrations._core.publishing.client import APIResponse, override_transport
from qstash_integrations._core.receiving.report import Reporter
from qstash_integrations._core.settings.from_settings import FromSettings
from qstash_integrations.once import MemoryStore
from tests.once.stores import run
from tests.signing import NOW, signed

inside, over = threading.Event(), threading.Event()

def stay_in_the_thread(*arguments):
    if threading.current_thread().name == "at work":
        inside.set()
        over.wait()
    return 0.0

{made}

def use():
    {use}

working = threading.Thread(target=use, name="at work", daemon=True)
working.start()
inside.wait()
child = os.fork()
if not child:
    signal.alarm(30)  # for what hangs
    use()
    os._exit(0)
ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
over.set()
working.join()  # one that prints while the interpreter ends aborts it
raise SystemExit(ended)
"""
TRANSPORT = """
parent = os.getpid()

def send(request):
    if os.getpid() == parent:
        inside.set()
        over.wait()
    keys = b'{"current": "sig_TESTONLYthird0000000000000DD", "next": "sig_TESTONLYfourth00000000000EEE"}'
    return APIResponse(200, keys)

overriding = override_transport(send)
overriding.__enter__()
made = KeyRing(QStash("token"), timeout=30, now=lambda: NOW)
token = signed(b"hi", key="sig_TESTONLYthird0000000000000DD")
"""
HELD = {
    "a store in memory": ("made = MemoryStore(now=stay_in_the_thread)", "assert made.claim(run()).state == 'free'"),
    "a value made from settings": ("made = FromSettings(stay_in_the_thread, lambda: None)", "assert made() == 0.0"),
    "a ring that looks at the time": (
        "made = KeyRing(QStash('token', base_url='http://127.0.0.1:1'), timeout=0, monotonic=stay_in_the_thread)",
        "assert made.authenticate(signed(b'hi')).reason == 'wrong_key'",
    ),
    "a ring that waits for keys": (TRANSPORT, "assert made.authenticate(token).key == 'current'"),
    "a reporter": (
        "made = Reporter()",
        "\n    with made._lock: stay_in_the_thread()\n    made.broken(LookupError())\n    made.next_key_used()",
    ),
}


@pytest.mark.system
@pytest.mark.parametrize(("made", "use"), HELD.values(), ids=HELD)
def test_a_child_does_not_wait_for_a_thread_that_it_has_not(made: str, use: str) -> None:
    program = FORK.format(made=made, use=use)
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60, check=False)
    assert ended.returncode == 0
