"""Without an SDK nothing is imported and nothing is added; where OpenTelemetry is not installed, nothing is missing."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if {missing} and name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
from flask import Flask
from qstash_integrations import QStash
from qstash_integrations.flask import verify_qstash
from qstash_integrations.testing import LocalQStash

app = Flask("shop")
app.post("/hooks/ship")(verify_qstash(lambda: "done"))
if {imports}:
    import opentelemetry.metrics, opentelemetry.trace
with LocalQStash(app) as local:
    QStash("a-token").publish(url="https://testserver/hooks/ship")
    (attempt,) = local.deliver_due()
    app.test_client().post("/hooks/ship")
names = sorted(name.lower() for name, _ in attempt.headers)
print(attempt.status, "traceparent" in names, "opentelemetry.trace" in sys.modules)
"""
CASES = {
    "it is not installed": (True, False, "200 False False"),
    "nobody has imported it": (False, False, "200 False False"),
    "it has no SDK": (False, True, "200 False True"),
}


@pytest.mark.parametrize(("missing", "imports", "expected"), CASES.values(), ids=CASES)
def test_messages_go_out_and_come_in_where(missing: bool, imports: bool, expected: str) -> None:
    program = PROGRAM.format(missing=missing, imports=imports)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == expected
