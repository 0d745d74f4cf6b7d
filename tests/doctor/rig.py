"""The way from QStash to an app, with all that is on it: a local QStash, a real nginx with TLS, a real server, an app.

Each test has its own, on ports of its own; only the certificate is shared.
"""

import json
import os
import socket
import subprocess
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qstash_integrations import QStash
from tests.doctor import forked
from tests.doctor.shops import Change, shop
from tests.server.destination import free_ports
from tests.waiting import wait_until

TOKEN = "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0="
CURRENT, NEXT = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"
OTHER_CURRENT, OTHER_NEXT = "sig_aBcDeFgHiJkLmNoPqRsT1234567890abc", "sig_uVwXyZ0123456789aBcDeFgHijklmnop0"
SECRETS = (TOKEN, CURRENT, NEXT, OTHER_CURRENT, OTHER_NEXT)
_SERVERS = {"flask": forked.serve_wsgi, "django": forked.serve_wsgi, "aiohttp": forked.serve_aiohttp}


def keys(current: str, following: str) -> dict[str, str]:
    return {"QSTASH_CURRENT_SIGNING_KEY": current, "QSTASH_NEXT_SIGNING_KEY": following}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    base: str
    """The public URL that QStash calls."""
    app: str
    """The app's own address, behind the proxy."""
    port: int
    """The proxy's."""
    qstash: QStash
    """Who publishes."""
    place: Path
    environ: Mapping[str, str]
    """The settings of the app's machine, where the doctor runs."""

    def publish(self, path: str, *, status: int, **options: Any) -> None:
        """To a URL of the app; returns once an attempt at it has been answered with this status."""
        message = {"body": {"order": 3}, "retries": 0, **options}
        message_id = self.qstash.publish_json(url=self.base + path, **message).message_id

        def is_answered() -> bool:
            logs = self.qstash.log.list(filter={"message_ids": [message_id]}).logs
            # Of what was delivered QStash keeps no answer.
            return any(
                entry.response_status == status or (status == 200 and entry.state == "DELIVERED") for entry in logs
            )

        wait_until(is_answered, 20, otherwise=lambda: f"nothing was answered {status}")

    def doctor(self, *arguments: str, **changed: str) -> Any:
        """What it tells as JSON. No secret may be in it."""
        environ = {name: value for name, value in {**self.environ, **changed}.items() if value}
        code, out, err = forked.ended(
            forked.run_command, self.place, environ, "doctor", "--app", "shop:app", "--json", *arguments
        )
        assert out, err
        assert not any(secret in out + err for secret in SECRETS)
        told = json.loads(out)
        assert told["exit_code"] == code
        return told


class Home:
    """Of one framework: an address, and what healthy apps share there."""

    def __init__(self, framework: str, place: Path, certificate: Path) -> None:
        self._framework = framework
        self._place = place
        self._certificate = certificate
        self._serve = _SERVERS.get(framework, forked.serve_asgi)
        self._stack = ExitStack()
        self._port, self._app, self._qstash = free_ports(3)
        self._bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._bare |= {"SSL_CERT_FILE": str(certificate / "cert")}
        self._settings = {
            **self._bare,
            **keys(CURRENT, NEXT),
            "QSTASH_TOKEN": TOKEN,
            "QSTASH_URL": f"http://127.0.0.1:{self._qstash}",
            "QSTASH_PUBLIC_URL": f"https://localhost:{self._port}",
        }
        self._start_qstash(self._stack, place, self._qstash)
        self._start_app(self._stack, place, self._app, Change(), {})

    def close(self) -> None:
        self._stack.close()

    @contextmanager
    def rig(
        self,
        place: Path,
        nginx: str,
        *,
        change: Change | None = None,
        app: Mapping[str, str] | None = None,
        second: Mapping[str, str] | None = None,
        own_qstash: bool = False,
        path: str = "",
        starts: bool = True,
    ) -> Generator[Rig]:
        """``nginx`` is what stands in its server; ``app`` the app's own environment, ``second`` another instance's."""
        settings = dict(self._settings)
        settings["QSTASH_PUBLIC_URL"] += path
        first, other, qstash = self._app, *free_ports(2)
        (place / "shop.py").write_text(shop(self._framework, change or Change()), encoding="utf-8")
        with ExitStack() as stack:
            if own_qstash:
                settings["QSTASH_URL"] = f"http://127.0.0.1:{qstash}"
                self._start_qstash(stack, place, qstash)
            if change or app or path:
                (first,) = free_ports(1)
                self._start_app(stack, place, first, change or Change(), {**settings, **(app or {})}, starts=starts)
            if second:
                self._start_app(stack, place, other, Change(), {**settings, **second})
            text = nginx.replace("APP", f"http://127.0.0.1:{first}").replace("CERT", str(self._certificate / "cert"))
            for name, port in (("FIRST", first), ("SECOND", other)):
                text = text.replace(name, f"127.0.0.1:{port}")
            stack.enter_context(_nginx(place, self._certificate, self._port, text))
            client = QStash(TOKEN, base_url=settings["QSTASH_URL"])
            stack.callback(client.close)
            yield Rig(
                base=settings["QSTASH_PUBLIC_URL"],
                app=f"http://127.0.0.1:{first}",
                port=self._port,
                qstash=client,
                place=place,
                environ=settings,
            )

    def _start_qstash(self, stack: ExitStack, place: Path, port: int) -> None:
        stack.enter_context(forked.running(forked.serve_qstash, place, self._bare, port, ready=lambda: listens(port)))

    def _start_app(
        self,
        stack: ExitStack,
        place: Path,
        port: int,
        change: Change,
        environ: Mapping[str, str],
        *,
        starts: bool = True,
    ) -> None:
        (place / "shop.py").write_text(shop(self._framework, change), encoding="utf-8")
        ready = (lambda: listens(port)) if starts else (lambda: True)
        kept = {name: value for name, value in {**self._settings, **environ}.items() if value}
        stack.enter_context(forked.running(self._serve, place, kept, port, ready=ready))


@contextmanager
def _nginx(place: Path, certificate: Path, port: int, server: str) -> Generator[None]:
    temporary = " ".join(
        f"{kind}_temp_path {place}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi", "client_body")
    )
    outside, _, server = server.rpartition("---")
    (place / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {place}/pid; error_log {place}/nginx.log; events {{}}\n"
        f"http {{ access_log off; {temporary} {outside}\n"
        f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}/cert;\n"
        f"ssl_certificate_key {certificate}/key; {server} }} }}\n",
        encoding="utf-8",
    )
    command = ["nginx", "-c", str(place / "nginx.conf"), "-e", str(place / "nginx.log")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: listens(port) or process.poll() is not None)
            assert process.poll() is None, (place / "nginx.log").read_text(encoding="utf-8")
            yield
        finally:
            process.terminate()


def make_certificate(place: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(place / "key"), "-out", str(place / "cert")),
        ],
        check=True,
        capture_output=True,
    )


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
