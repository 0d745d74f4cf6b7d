"""Extra ``flask``: a view behind ``verify_qstash`` runs for a signed request alone."""

from flask import Flask

from qstash_integrations import current_delivery
from qstash_integrations.flask import QStash, verify_qstash
from qstash_integrations.testing import sign

URL = "https://testserver/ship"
app = Flask(__name__)
QStash(app)


@app.post("/ship")
@verify_qstash
def ship() -> str:
    return str(current_delivery().json()["id"])


client = app.test_client()
assert client.post(URL, data=b'{"id": 3}').status_code == 401
assert client.post(URL, data=b'{"id": 3}', headers=sign(url=URL, body=b'{"id": 3}')).text == "3"
assert "qstash" in app.cli.commands
