"""Faults between QStash and the app, planted in a real nginx with TLS in front of a real app: each is named first."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.programs import skip_without
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, skip_without("" if shutil.which("nginx") else "nginx is not installed")]

TOKEN = "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0="
KEYS = {
    "QSTASH_CURRENT_SIGNING_KEY": "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "QSTASH_NEXT_SIGNING_KEY": "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
}
OTHERS = {
    "QSTASH_CURRENT_SIGNING_KEY": "sig_aBcDeFgHiJkLmNoPqRsT1234567890abc",
    "QSTASH_NEXT_SIGNING_KEY": "sig_uVwXyZ0123456789aBcDeFgHijklmnop0",
}
APPS = {
    "flask": (
        "from flask import Flask\nfrom qstash_integrations.flask import QStash\napp = Flask(__name__)\nQStash(app)\n",
        "flask --app shop run --port {port}",
    ),
    "starlette": (
        "from starlette.applications import Starlette\nfrom qstash_integrations.starlette import QStash\n"
        "app = Starlette()\nQStash(app)\n",
        "uvicorn shop:app --port {port}",
    ),
    "fastapi": (
        "from fastapi import FastAPI\nfrom qstash_integrations.fastapi import QStash\napp = FastAPI()\nQStash(app)\n",
        "uvicorn shop:app --port {port}",
    ),
    "django": (
        "import django\nfrom django.conf import settings\n"
        "settings.configure(SECRET_KEY='x', ROOT_URLCONF='urls', ALLOWED_HOSTS=['*'],"
        " INSTALLED_APPS=['qstash_integrations.django'])\ndjango.setup()\n"
        "from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()\n",
        "gunicorn --no-control-socket --bind 127.0.0.1:{port} shop:app",
    ),
}
URLS = (
    "from django.urls import include, path\n"
    "urlpatterns = [path('qstash/', include('qstash_integrations.django.urls'))]\n"
)
PASS = "proxy_pass http://127.0.0.1:{port};"
# The location of nginx, what is changed for the app, what for the doctor; the finding that comes first.
FAULTS: dict[str, tuple[str, dict[str, str], dict[str, str], str]] = {
    "signature removed": (PASS + " proxy_set_header Upstash-Signature '';", {}, {}, "Q401"),
    "path decoded": ("proxy_pass http://127.0.0.1:{port}/;", {}, {}, "Q431"),
    "bodies limited": (PASS + " client_max_body_size 10k;", {}, {}, "Q413"),
    "redirected to another path": ("return 302 https://login.example/login;", {}, {}, "Q402"),
    "redirected to another origin": ("return 308 https://www.example.com$request_uri;", {}, {}, "Q133"),
    "forbidden": ("return 403;", {}, {}, "Q403"),
    "not there": ("return 404;", {}, {}, "Q404"),
    "another app": ("return 200;", {}, {}, "Q406"),
    "login of the proxy": ("return 401;", {}, {}, "Q411"),
    "the app is down": ("proxy_pass http://127.0.0.1:9;", {}, {}, "Q410"),
    "firewall for the user agent": (PASS + " if ($http_user_agent ~* upstash) {{ return 403; }}", {}, {}, "Q450"),
    "the app has other keys": (PASS, OTHERS, {}, "Q306"),
    "the app expects another URL": (PASS, {"QSTASH_PUBLIC_URL": "https://other.example"}, {}, "Q133"),
    "keys of another account": (PASS, OTHERS, OTHERS, "Q301"),
    "the token is wrong": (PASS, {}, {"QSTASH_TOKEN": "another-token"}, "Q300"),
    "certificate of nobody": (PASS, {}, {"SSL_CERT_FILE": ""}, "Q408"),
    "no address": (PASS, {}, {"QSTASH_PUBLIC_URL": "https://nobody.invalid"}, "Q407"),
}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def _process(command: list[str], port: int, **options: Any) -> Generator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options) as process:
        try:
            wait_until(lambda: _listens(port), otherwise=lambda: f"{command} did not start")
            yield
        finally:
            process.terminate()


def _certificate(place: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(place / "key"), "-out", str(place / "cert")),
        ],
        check=True,
        capture_output=True,
    )


def _nginx(place: Path, port: int, location: str) -> list[str]:
    paths = " ".join(
        f"{kind}_temp_path {place}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi", "client_body")
    )
    (place / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {place}/pid; error_log /dev/null; events {{}}\n"
        f"http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {place}/cert;\n"
        f"ssl_certificate_key {place}/key; location / {{ {location} }} }} }}\n"
    )
    return ["nginx", "-c", str(place / "nginx.conf"), "-e", "/dev/null"]


def _examine(place: Path, framework: str, location: str, app: dict[str, str], doctor: dict[str, str]) -> Any:
    at, behind, qstash = _free_port(), _free_port(), _free_port()
    code, command = APPS[framework]
    (place / "shop.py").write_text(code)
    (place / "urls.py").write_text(URLS)
    _certificate(place)
    kept = {name: value for name, value in os.environ.items() if "QSTASH" not in name}
    kept["SSL_CERT_FILE"] = str(place / "cert")
    settings = {
        **kept,
        **KEYS,
        "QSTASH_URL": f"http://127.0.0.1:{qstash}",
        "QSTASH_TOKEN": TOKEN,
        "QSTASH_PUBLIC_URL": f"https://localhost:{at}",
        "PYTHONPATH": os.pathsep.join((str(place), os.getcwd())),
    }
    dev = [sys.executable, "-m", "qstash_integrations", "dev", "--port", str(qstash)]
    run = [sys.executable, "-m", *command.format(port=behind).split()]
    asked = {**settings, **doctor}
    if asked["SSL_CERT_FILE"] == "":
        del asked["SSL_CERT_FILE"]
    with (
        _process(dev, qstash, env=kept),
        _process(run, behind, env={**settings, **app}, cwd=place),
        _process(_nginx(place, at, location.format(port=behind)), at),
    ):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "qstash_integrations", "doctor", "--app", "shop:app", "--json", "--probe"),
                *("--fail-on", "info"),
            ],
            env=asked,
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout, done.stderr
    assert not any(secret in done.stdout for secret in (TOKEN, *KEYS.values(), *OTHERS.values()))
    return json.loads(done.stdout)


@pytest.mark.parametrize("framework", APPS)
def test_nothing_is_found_in_a_healthy_app(tmp_path: Path, framework: str) -> None:
    told = _examine(tmp_path, framework, PASS, {}, {})
    assert (told["findings"], told["exit_code"]) == ([], 0)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("framework", APPS)
def test_a_fault_is_named_first(tmp_path: Path, framework: str, fault: str) -> None:
    location, app, doctor, expected = FAULTS[fault]
    told = _examine(tmp_path, framework, location, app, doctor)
    assert (told["findings"][0]["id"], told["exit_code"]) == (expected, 1), told
