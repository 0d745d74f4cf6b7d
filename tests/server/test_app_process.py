"""Where an app listens that somebody starts by hand is known for the usual servers."""

import pytest

from qstash_integrations.server.app import public_url_of

COMMANDS = {
    "flask run": "http://127.0.0.1:5000",
    "flask --app shop run --port 5001": "http://127.0.0.1:5001",
    "flask run -p 5001": "http://127.0.0.1:5001",
    "uvicorn app:app": "http://127.0.0.1:8000",
    "uvicorn app:app --reload --port=9000": "http://127.0.0.1:9000",
    "fastapi dev app.py": "http://127.0.0.1:8000",
    "hypercorn app:app --bind 0.0.0.0:9000": "http://127.0.0.1:9000",
    "gunicorn -b 127.0.0.1:9000 app:app": "http://127.0.0.1:9000",
    "gunicorn -b unix:/run/app.sock app:app": None,
    "python manage.py runserver": "http://127.0.0.1:8000",
    "python manage.py runserver 9000": "http://127.0.0.1:9000",
    "python manage.py runserver 0.0.0.0:9000 --noreload": "http://127.0.0.1:9000",
    "python -m uvicorn app:app": "http://127.0.0.1:8000",
    ".venv/bin/flask run": "http://127.0.0.1:5000",
    "python app.py": None,
    "make serve": None,
}


@pytest.mark.parametrize(("command", "url"), COMMANDS.items(), ids=COMMANDS)
def test_where_it_listens(command: str, url: str | None) -> None:
    assert public_url_of(command.split()) == url
