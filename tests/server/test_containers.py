"""The server in a container: addressed by names, with credentials that everybody there knows, an app beside it."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from qstash_integrations._core.errors import QStashError
from qstash_integrations.cli import main
from qstash_integrations.cli.dev import dev_config, options_of
from qstash_integrations.server.app import EnvFile, Limits, ServerConfig, environment, running
from qstash_integrations.server.model import Quota, StartupError
from tests.server.client import client
from tests.server.destination import free_port
from tests.waiting import wait_until

DOCS = Path(__file__).parent.parent.parent / "docs"
DEV_TOKEN = "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0="
DEV_KEYS = {"current": "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "next": "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"}
AUTHORIZED = {"Authorization": f"Bearer {DEV_TOKEN}"}
EVERYWHERE = "0.0.0.0"
PAGE = (DOCS / "containers.md").read_text(encoding="utf-8")
SERVICES: Mapping[str, Any] = yaml.safe_load((DOCS / "compose.yaml").read_text(encoding="utf-8"))["services"]


def published(*hosts: str) -> ServerConfig:
    return ServerConfig(host=EVERYWHERE, port=0, published_credentials=True, allow_hosts=hosts, network="local")


def config_of(*arguments: str) -> ServerConfig:
    return dev_config(options_of(arguments))


def test_with_published_credentials_everybody_there_may_use_it() -> None:
    with running(published()) as server, client(server) as api:
        assert (server.token, server.is_loopback) == (DEV_TOKEN, False)
        assert api.get("/v2/keys").json() == DEV_KEYS
        assert server.dashboard == f"{server.url}/"


@pytest.mark.parametrize("host", ["evil.example", "qstash.evil.example", "192.0.2.1:8080"])
def test_where_everybody_knows_the_token_a_name_that_was_made_to_point_here_is_turned_away(host: str) -> None:
    with running(published("qstash")) as server, client(server) as api:
        assert api.get("/v2/queues", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("config", [published("qstash"), ServerConfig(port=0, allow_hosts=["QStash"])], ids=str)
def test_an_allowed_host_is_let_in_and_so_is_a_browser_there(config: ServerConfig) -> None:
    own = {"Host": "qstash:8080", "Origin": "http://qstash:8080", "Sec-Fetch-Site": "same-origin"}
    with running(config) as server, client(server) as api:
        assert api.get("/v2/queues", headers={"Host": "qstash:8080"}).status_code == 200
        assert api.get("/v2/queues", headers=own).status_code == 200
        assert api.get("/v2/queues", headers={**own, "Origin": "http://evil.example"}).status_code == 403


def test_the_environment_names_the_host_that_others_reach(tmp_path: Path) -> None:
    with running(published("qstash", "localhost")) as server:
        port = server.url.rpartition(":")[2]
        settings = environment(server)
        assert settings["QSTASH_URL"] == f"http://qstash:{port}"
        file = tmp_path / ".env"
        EnvFile(file).write(settings)
        EnvFile(file).write(settings)  # which knows its own again
        assert f"QSTASH_URL=http://qstash:{port}\n" in file.read_text(encoding="utf-8")


def test_a_file_of_settings_is_known_again_by_an_allowed_name(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("QSTASH_URL=http://qstash.example.com:8080\nQSTASH_TOKEN=of-its-own\n", encoding="utf-8")
    with pytest.raises(QStashError, match="the settings of another QStash"):
        EnvFile(file)
    EnvFile(file, names=["QStash.example.com"]).write({"QSTASH_TOKEN": "another"})
    assert "QSTASH_TOKEN=another\n" in file.read_text(encoding="utf-8")


def test_on_loopback_the_environment_names_loopback() -> None:
    with running(ServerConfig(port=0, allow_hosts=["tunnel.example"])) as server:
        assert environment(server)["QSTASH_URL"] == server.url


@pytest.mark.parametrize(
    "arguments",
    [
        ("--published-credentials",),
        ("--host", "localhost", "--published-credentials"),
        ("--allow-host", "http://qstash"),
        ("--allow-host", "qstash:8080"),
        ("--allow-host", "*"),
        ("--allow-host", ""),
        ("--read-only-token", "short"),
        ("--read-only-token", DEV_TOKEN),
        ("--read-only-token", "with blanks in between it"),
    ],
    ids=shlex.join,
)
def test_misuse_is_an_error_that_names_the_option(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dev", "--port", "0", *arguments]) == 1
    output, errors = capsys.readouterr()
    option = [argument for argument in arguments if argument.startswith("--")][-1]
    assert (output, errors.count("\n")) == ("", 1)
    assert errors.startswith(f"qstash-integrations dev: {option} ")


def test_published_credentials_are_never_for_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "production")
    config = ServerConfig(host=EVERYWHERE, port=0, published_credentials=True, allow_production=True)
    with pytest.raises(StartupError, match=r"^--published-credentials is never for production"), running(config):
        pass


@pytest.mark.parametrize("arguments", [("--port", "8123"), ("-port", "8123"), ("-port=8123",)], ids=shlex.join)
def test_the_port_is_spelled_as_the_official_server_spells_it(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSTASH_DEV_PORT", "8124")
    assert config_of(*arguments).port == 8123


@pytest.mark.parametrize(("text", "port"), [("8124", 8124), ("", 8080), ("0", 8080), ("-1", 8080), ("http", 8080)])
def test_the_port_of_the_environment_is_read_as_the_official_sdk_reads_it(
    text: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSTASH_DEV_PORT", text)
    assert config_of().port == port


@pytest.mark.parametrize(("variable", "value"), [("QSTASH_DEV_PORT", "70000"), ("QSTASH_DEV_QUOTA", "gold")])
def test_a_wrong_variable_is_named(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)
    assert main(["dev"]) == 1
    assert capsys.readouterr().err.startswith(f"qstash-integrations dev: {variable}: '{value}'")


@pytest.mark.parametrize("quota", ["free", "payg", "pro"])
def test_the_quota_is_an_option_or_a_variable(quota: Quota, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_of("-quota", quota).limits == Limits.of_quota(quota)
    assert config_of().limits == Limits()
    monkeypatch.setenv("QSTASH_DEV_QUOTA", quota)
    assert config_of().limits == Limits.of_quota(quota)


def test_dev_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "--version"]) == 0
    assert re.fullmatch(r"qstash-integrations [0-9]\S*\n", capsys.readouterr().out)


def test_the_page_shows_the_file_of_compose_as_it_is() -> None:
    assert f"```yaml\n{(DOCS / 'compose.yaml').read_text(encoding='utf-8')}```" in PAGE


def test_the_command_of_compose_is_one_that_dev_takes() -> None:
    program, *arguments = SERVICES["qstash"]["command"]
    assert program == "qstash-integrations"
    assert arguments[0] == "dev"
    config = dev_config(options_of(arguments[1:]))
    assert (config.host, config.port, config.published_credentials) == (EVERYWHERE, 8080, True)
    assert (config.allow_hosts, config.network) == (["qstash"], "local")


@pytest.fixture
def composed(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """The two services as processes; names that only containers know are those of this machine. The app's URL."""
    ports = {"qstash:8080": free_port(), "app:8000": free_port()}
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "shop.py").write_text(code, encoding="utf-8")
    variables = {name: _here(value, ports) for name, value in SERVICES["app"]["environment"].items()}
    _, *arguments = SERVICES["qstash"]["command"]
    app = shlex.split(SERVICES["app"]["command"].replace("8000", str(ports["app:8000"])))
    with ExitStack() as stack:
        for command, environ in (
            (["qstash_integrations", *arguments, f"--port={ports['qstash:8080']}"], {}),
            (app, variables),
        ):
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", *command],
                    cwd=tmp_path,
                    env={"PATH": "/usr/bin:/bin", **environ},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            stack.callback(process.kill)
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        for url in urls.values():
            wait_until(lambda url=url: _answers(url))
        # The other container addresses the server by its name.
        host = {"Host": f"qstash:{ports['qstash:8080']}", **AUTHORIZED}
        assert httpx.get(f"{urls['qstash:8080']}/v2/queues", headers=host, trust_env=False).json() == []
        yield urls


@pytest.mark.system
def test_the_app_of_compose_publishes_to_the_server_beside_it_and_is_delivered_to(
    composed: Mapping[str, str],
) -> None:
    urls = composed
    answer = httpx.post(f"{urls['app:8000']}/orders", json={"id": 3}, trust_env=False)
    assert answer.status_code == 202, answer.text
    query = {"messageId": answer.json()["message_id"], "state": "DELIVERED"}
    events = f"{urls['qstash:8080']}/v2/events"

    def delivered() -> bool:
        found = httpx.get(events, params=query, headers=AUTHORIZED, trust_env=False).json()["events"]
        return [event["url"] for event in found] == [f"{urls['app:8000']}/ship"]

    wait_until(delivered)


def _here(text: str, ports: Mapping[str, int]) -> str:
    for name, port in ports.items():
        text = text.replace(f"http://{name}", f"http://127.0.0.1:{port}")
    return text


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code < 500
    except httpx.TransportError:
        return False
