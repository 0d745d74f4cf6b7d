"""Where a setting comes from, which one wins, and what is said of a wrong one."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from qstash_integrations import ConfigurationError, Settings
from qstash_integrations._core.settings.environment import override_settings, settings_changed
from qstash_integrations._core.settings.from_settings import FromSettings
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

TOKEN = "TESTONLY-token-0000000000000000"
KEYS = {"QSTASH_CURRENT_SIGNING_KEY": CURRENT, "QSTASH_NEXT_SIGNING_KEY": NEXT}


def test_without_any_setting_it_is_qstash_itself() -> None:
    settings = Settings.load()
    assert (settings.token, settings.url, settings.region) == (None, "https://qstash.upstash.io", None)
    assert (settings.signing_keys, settings.public_url, settings.regional_keys) == ((None, None), (), {})


def test_argument_then_configuration_then_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_TOKEN", "from the environment")
    assert Settings.load({}).token == "from the environment"
    assert Settings.load({"QSTASH_TOKEN": "from the app"}).token == "from the app"
    assert Settings.load({"QSTASH_TOKEN": "from the app"}, token="argument").token == "argument"


def test_none_is_not_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_TOKEN", "from the environment")
    assert Settings.load({"QSTASH_TOKEN": None}, token=None).token == "from the environment"


def test_an_empty_text_is_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_TOKEN", "from the environment")
    assert Settings.load({"QSTASH_TOKEN": ""}).token == ""


def test_several_public_urls() -> None:
    settings = Settings.load({"QSTASH_PUBLIC_URL": "https://api.example.com/v1, HTTPS://www.example.com"})
    assert settings.public_url == ("https://api.example.com/v1", "https://www.example.com")
    assert Settings.load({"QSTASH_PUBLIC_URL": ["https://a.example"]}).public_url == ("https://a.example",)


def test_a_function_tells_the_public_urls_at_each_use() -> None:
    told = ["https://one.example"]
    settings = Settings.load({"QSTASH_PUBLIC_URL": lambda: told[-1]})
    assert settings.public_url == ("https://one.example",)
    told.append("two.example")
    with pytest.raises(ConfigurationError, match=r"^QSTASH_PUBLIC_URL has no scheme"):
        _ = settings.public_url
    assert "one.example" not in repr(settings)


@pytest.mark.parametrize(("given", "match"), [(None, "exact"), ("", "exact"), ("decoded\n", "decoded")], ids=repr)
def test_how_urls_are_compared(given: str | None, match: str) -> None:
    assert Settings.load({"QSTASH_URL_MATCH": given}).url_match == match


@pytest.mark.parametrize("wrong", ["loose", "Decoded", "'decoded'", True], ids=repr)
def test_another_way_to_compare_urls_is_refused_by_name(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^QSTASH_URL_MATCH "):
        Settings.load({"QSTASH_URL_MATCH": wrong})


ADDRESSES = {
    "none": (None, "https://qstash.upstash.io"),
    "empty": ("", "https://qstash.upstash.io"),
    "a slash at its end": ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
    "blanks": (" http://127.0.0.1:8080 ", "http://127.0.0.1:8080"),
    "with the path of publishing": ("https://qstash.upstash.io/v2/publish", "https://qstash.upstash.io"),
    "a path": ("https://proxy.example/qstash", "https://proxy.example/qstash"),
}


@pytest.mark.parametrize(("text", "url"), ADDRESSES.values(), ids=ADDRESSES)
def test_the_address_of_the_api_is_repaired(text: str | None, url: str) -> None:
    assert Settings.load(base_url=text).url == url


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a token that is no text": ({"QSTASH_TOKEN": 3}, "QSTASH_TOKEN must be a text, not int"),
    "a key that is no text": (
        {"QSTASH_CURRENT_SIGNING_KEY": b"sig"},
        "QSTASH_CURRENT_SIGNING_KEY must be a text, not bytes",
    ),
    "an unknown region": (
        {"QSTASH_REGION": "MARS"},
        "QSTASH_REGION must be one of EU_CENTRAL_1, US_EAST_1, not 'MARS'",
    ),
    "an address without a scheme": (
        {"QSTASH_URL": "qstash.upstash.io"},
        "QSTASH_URL must be the address of the QStash API, such as https://qstash.upstash.io, "
        "without user, query or fragment",
    ),
    "an address with a password": (
        {"QSTASH_URL": "https://me:secret@qstash.upstash.io"},
        "QSTASH_URL must be the address of the QStash API, such as https://qstash.upstash.io, "
        "without user, query or fragment",
    ),
    "an address that is none": (
        {"QSTASH_URL": "https://[::1"},
        "QSTASH_URL must be the address of the QStash API, such as https://qstash.upstash.io, "
        "without user, query or fragment",
    ),
    "a public URL that is none": (
        {"QSTASH_PUBLIC_URL": 3},
        "QSTASH_PUBLIC_URL must be a text or a list of texts, not int",
    ),
}


@pytest.mark.parametrize(("config", "problem"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_refused_by_name(config: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(config)
    assert str(caught.value) == problem


def test_a_wrong_argument_is_refused_by_its_own_name() -> None:
    with pytest.raises(ConfigurationError, match=r"^token must be a text, not int$"):
        Settings.load(token=3)


TOKENS: dict[str, tuple[str | None, str]] = {
    "not set": (None, "QSTASH_TOKEN is not set; copy it from the QStash console"),
    "empty": ("", "QSTASH_TOKEN is not set; copy it from the QStash console"),
    "blank": ("  ", "QSTASH_TOKEN is not set; copy it from the QStash console"),
    "a line break": ("two\nlines", "QSTASH_TOKEN has blanks or characters that no token has; copy it again"),
    "a blank": ("two words", "QSTASH_TOKEN has blanks or characters that no token has; copy it again"),
    "not ASCII": ("t\u00f6ken", "QSTASH_TOKEN has blanks or characters that no token has; copy it again"),
}


@pytest.mark.parametrize(("token", "problem"), TOKENS.values(), ids=TOKENS)
def test_a_token_is_checked_where_it_is_used(token: str | None, problem: str) -> None:
    settings = Settings.load(token=token)
    with pytest.raises(ConfigurationError) as caught:
        settings.require_token()
    assert str(caught.value) == problem


VALUES = {
    "QSTASH_TOKEN": TOKEN,
    "QSTASH_URL": "https://qstash.example.com",
    **KEYS,
    "QSTASH_PUBLIC_URL": ORIGIN,
    "QSTASH_REGION": "US_EAST_1",
    "US_EAST_1_QSTASH_TOKEN": TOKEN,
    "US_EAST_1_QSTASH_URL": "https://qstash.example.com",
    "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY": NEXT,
    "US_EAST_1_QSTASH_NEXT_SIGNING_KEY": CURRENT,
}


QUOTED = ["'{}'", '"{}"\n', "'{}", '{}"']


@pytest.mark.parametrize(
    ("name", "quoted"), [*((name, '"{}"') for name in VALUES), *(("QSTASH_TOKEN", quoted) for quoted in QUOTED)]
)
def test_quotes_that_were_kept_around_a_value_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, quoted: str
) -> None:
    for setting, value in VALUES.items():
        if setting.startswith("US_") <= name.startswith("US_"):  # a region's own token and URL are used instead
            monkeypatch.setenv(setting, value)
    monkeypatch.setenv(name, quoted.format(VALUES[name]))
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert str(caught.value).startswith(
        f"{name} has quotes around its value; write it without them, since docker --env-file, for one, does not remove"
    )
    secrets = (TOKEN, CURRENT, NEXT)
    assert not any(secret in shown for shown in (*everything_in(caught.value), str(caught.value)) for secret in secrets)


@pytest.mark.parametrize("name", ["token", "base_url", "public_url"])
def test_quotes_around_an_argument_are_refused_by_its_own_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} has quotes around its value"):
        Settings.load(**{name: '"https://api.example.com"'})


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_line_end_behind_any_setting_is_forgiven(monkeypatch: pytest.MonkeyPatch, line_end: str) -> None:
    for setting, value in VALUES.items():
        monkeypatch.setenv(setting, value + line_end)
    settings = Settings.load()
    assert settings.require_token() == TOKEN
    assert (settings.url, settings.public_url) == ("https://qstash.example.com", (ORIGIN,))
    assert (settings.region, settings.signing_keys) == ("US_EAST_1", (CURRENT, NEXT))
    assert settings.regional_keys == {"US_EAST_1": (NEXT, CURRENT)}
    assert settings.receiver(now=lambda: NOW).verify(signature=signed(b"hi"), body=b"hi", url=None)


def test_a_receiver_of_the_settings_verifies() -> None:
    receiver = Settings.load(KEYS).receiver(clock_tolerance=60, now=lambda: NOW + 359)
    token = signed(b"hi", key=NEXT)
    assert receiver.verify(signature=token, body=b"hi", url=ORIGIN + "/hooks/ship").key == "next"


KEY_PROBLEMS: dict[str, tuple[dict[str, str], str]] = {
    "the current key is missing": (
        {"QSTASH_NEXT_SIGNING_KEY": NEXT},
        "QSTASH_CURRENT_SIGNING_KEY is not set; copy it from the QStash console",
    ),
    "the next key is missing": (
        {"QSTASH_CURRENT_SIGNING_KEY": CURRENT},
        "QSTASH_NEXT_SIGNING_KEY is not set; copy it from the QStash console",
    ),
    "the next key is cut short": (
        {**KEYS, "QSTASH_NEXT_SIGNING_KEY": "sig_TESTONLY"},
        "QSTASH_NEXT_SIGNING_KEY is a placeholder or cut short (under 20 characters); copy it from the QStash console",
    ),
}


@pytest.mark.parametrize(("config", "problem"), KEY_PROBLEMS.values(), ids=KEY_PROBLEMS)
def test_a_wrong_key_is_refused_by_its_settings_name(config: dict[str, str], problem: str) -> None:
    settings = Settings.load(config)
    with pytest.raises(ConfigurationError) as caught:
        settings.receiver()
    assert str(caught.value) == problem


def test_what_is_made_of_the_settings_is_made_once() -> None:
    made = FromSettings(lambda settings: [settings.token], lambda: Settings.load(token=TOKEN))
    assert made() is made()


def test_what_is_made_of_the_settings_follows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_TOKEN", "first")
    token = FromSettings(lambda settings: settings.token)
    assert token() == "first"
    monkeypatch.setenv("QSTASH_TOKEN", "second")
    assert token() == "first"
    settings_changed()
    assert token() == "second"


def test_an_override_wins_over_everything_and_ends() -> None:
    token = FromSettings(lambda settings: settings.token, lambda: Settings.load({}, token="argument"))
    assert token() == "argument"
    with override_settings(QSTASH_TOKEN="outer", QSTASH_URL="http://127.0.0.1:8080"):
        with override_settings(QSTASH_TOKEN="inner"):
            assert token() == "inner"
            assert Settings.load().url == "http://127.0.0.1:8080"
        assert token() == "outer"
    assert token() == "argument"


def test_an_error_in_the_making_is_made_again() -> None:
    made = FromSettings(lambda settings: settings.require_token())
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"^QSTASH_TOKEN is not set"):
            made()


def test_its_repr_shows_no_secret() -> None:
    settings = Settings.load({**KEYS, "QSTASH_TOKEN": TOKEN})
    shown = f"{settings!r} {settings.signing_keys!r}"
    assert [secret for secret in (TOKEN, CURRENT, NEXT) if secret in shown] == []


SECRET_PROBLEMS: dict[str, dict[str, Any]] = {
    "a key is missing": {"QSTASH_CURRENT_SIGNING_KEY": CURRENT},
    "a key is wrong": {"QSTASH_CURRENT_SIGNING_KEY": CURRENT, "QSTASH_NEXT_SIGNING_KEY": NEXT + " "},
    "a key is no text": {"QSTASH_CURRENT_SIGNING_KEY": CURRENT, "QSTASH_NEXT_SIGNING_KEY": NEXT.encode()},
    "the address is wrong": {**KEYS, "QSTASH_URL": "nowhere"},
    "the region is wrong": {**KEYS, "QSTASH_REGION": "MARS"},
}


@pytest.mark.parametrize("config", SECRET_PROBLEMS.values(), ids=SECRET_PROBLEMS)
def test_no_frame_of_ours_holds_a_secret_when_it_raises(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load({**config, "QSTASH_TOKEN": TOKEN}).receiver()
    shown = " ".join(everything_in(caught.value))
    assert [secret for secret in (TOKEN, CURRENT, NEXT) if secret in shown] == []


def everything_in(error: BaseException) -> Iterator[str]:
    """What an error tracker sends of our frames: it walks through containers, whatever their repr."""
    traceback = error.__traceback__
    while traceback:
        if "/qstash_integrations/" in traceback.tb_frame.f_code.co_filename:
            yield from walk(dict(traceback.tb_frame.f_locals))
        traceback = traceback.tb_next


def walk(value: Any) -> Iterator[str]:
    if not isinstance(value, dict | list | tuple | set | frozenset):
        yield repr(value)
        return
    for item in _inside(value):
        yield from walk(item)


def _inside(value: Any) -> Any:
    return value.values() if hasattr(value, "values") else value


@pytest.mark.parametrize(
    "url", ["https://qstash.upstash.io/\x7f", "https://q stash.io", "https://qstash\\.io", "https://qstäsh.io"]
)
def test_an_api_url_that_no_request_could_go_to_names_the_setting(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^QSTASH_URL must be the address of the QStash API"):
        Settings.load({"QSTASH_URL": url})


NO_APIS = {
    "with its version": ("https://qstash.upstash.io/v2", "has '/v2' in its path"),
    "with its version and a slash": ("https://qstash.upstash.io/v2/", "has '/v2' in its path"),
    "with a call": ("https://qstash-us-east-1.upstash.io/v2/messages", "has '/v2' in its path"),
    "the version before": ("https://qstash.upstash.io/v1/publish", "has '/v1' in its path"),
    "of a local server": ("http://127.0.0.1:8080/v2", "has '/v2' in its path"),
    "behind a gateway": ("https://proxy.example/qstash/v2", "has '/v2' in its path"),
    "a path": ("https://qstash.upstash.io/qstash", "has the path '/qstash'"),
    "the console": ("https://console.upstash.com/qstash", "is console.upstash.com"),
    "the site": ("https://upstash.com", "is upstash.com"),
}


@pytest.mark.parametrize(("url", "problem"), NO_APIS.values(), ids=NO_APIS)
def test_an_address_where_no_api_is_names_the_setting_and_the_right_one(url: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load({"QSTASH_URL": url})
    assert str(caught.value).startswith(f"QSTASH_URL {problem}")
    assert str(caught.value).endswith("; set it to the API alone, such as https://qstash.upstash.io")


def test_settings_do_not_leave_the_process() -> None:
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        pickle.dumps(Settings.load(KEYS))
