"""How long what is over stays, said to a server and on its command line."""

import pytest

from qstash_integrations.cli import main
from qstash_integrations.cli.dev import dev_config, options_of
from qstash_integrations.server.app import Retention, ServerConfig
from qstash_integrations.server.app.listening import listen
from qstash_integrations.server.app.users import User
from qstash_integrations.server.model import Filter, Outcome, Refused
from qstash_integrations.server.tables import Store
from tests.server.driver import KEYS, NOW, publication

HOUR = 3600


def config(*arguments: str) -> ServerConfig:
    return dev_config(options_of(arguments))


def test_a_server_keeps_what_its_config_says() -> None:
    now = NOW
    store = Store.open(None)
    asked = ServerConfig(port=0, retention=Retention(messages=HOUR, dead_letters=2 * HOUR))
    with listen("127.0.0.1", 0) as bound:
        engine = User(asked, bound, store, token="TESTONLY", keys=KEYS, clock=lambda: now, watch=None).engine
    for status in (200, 500):
        engine.publishing.publish(publication(retries="0"))
        (message,) = engine.claiming.claim(1)
        engine.recording.record(message.seq, Outcome(status=status))
    (letter,) = engine.dead_letters.page(Filter(), cursor=None, count=9).items
    now = NOW + HOUR + 1
    assert engine.retention.sweep() == 1
    assert {event.message.id for event in engine.log.events(Filter(), cursor=None, count=9).items} == {
        letter.message.id
    }
    now = NOW + 2 * HOUR + 1
    assert engine.retention.sweep() == 2
    with pytest.raises(Refused, match="not found"):
        engine.dead_letters.get(letter.id)
    engine.close()


def test_production_s_figures_stand_where_nothing_is_said() -> None:
    assert config().retention == Retention(messages=3 * 86_400, dead_letters=7 * 86_400)


def test_the_command_line_takes_durations() -> None:
    assert config("--keep", "14d", "--keep-dead-letters", "1d12h").retention == Retention(
        messages=1_209_600, dead_letters=129_600
    )
    assert config("--keep", "90").retention.messages == 90


@pytest.mark.sampled("option")
@pytest.mark.parametrize("option", ["--keep", "--keep-dead-letters"])
@pytest.mark.parametrize(
    ("text", "problem"),
    {
        "a week": "it must look like '90s', '10m' or '1d2h30m', not 'a week'",
        "": "it must look like '90s', '10m' or '1d2h30m', not ''",
        "59s": "'59s' is too short: it must be 1m or more",
        "9999d": "it must be between 0 and ten years, not '9999d'",
    }.items(),
)
def test_what_is_no_duration_is_a_usage_error(
    option: str, text: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dev", option, text]) == 2
    assert f"Invalid value for '{option}': {problem}" in capsys.readouterr().err


@pytest.mark.sampled("name")
@pytest.mark.parametrize("name", ["messages", "dead_letters"])
@pytest.mark.parametrize("seconds", [0, 59.9, -1, float("nan")])
def test_what_clients_may_still_ask_for_is_kept(name: str, seconds: float) -> None:
    with pytest.raises(ValueError, match=f"^Retention.{name} must be at least 60 seconds, not {seconds}$"):
        Retention(**{name: seconds})  # type: ignore[arg-type]
