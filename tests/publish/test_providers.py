"""``api`` destinations: where a provider lies, what it wants, and that its token stays with it."""

from functools import partial
from typing import Any

import pytest

from qstash_integrations._core.publishing.operations import message as messages
from qstash_integrations.chat import Provider, anthropic, custom, openai, resend
from tests.outbox import outbox
from tests.publish.clients import MakeClient

API = "https://qstash.upstash.io/v2"


def test_a_provider_is_called_in_the_callers_place(make_client: MakeClient) -> None:
    headers = {"X-Mine": "1"}
    with outbox() as sent:
        make_client(retry=False)(
            "publish_json",
            api={"name": "llm", "provider": openai("TESTONLYkey")},
            body={"model": "m"},
            headers=headers,
            callback="https://api.example.com/done",
        )
    assert sent[0].url == f"{API}/publish/https://api.openai.com/v1/chat/completions"
    assert list(sent[0].headers[2:]) == [
        ("Content-Type", "application/json"),
        ("Upstash-Forward-X-Mine", "1"),
        ("Upstash-Callback", "https://api.example.com/done"),
        ("Upstash-Forward-authorization", "Bearer TESTONLYkey"),
    ]
    # The official client writes the provider's token into the caller's own dict.
    assert headers == {"X-Mine": "1"}


def test_the_callers_own_header_wins_over_the_providers() -> None:
    operation = messages.publish(
        {"api": {"name": "llm", "provider": openai("TESTONLYkey")}, "headers": {"Authorization": "Bearer mine"}}, None
    )
    assert operation.headers == (("Upstash-Forward-Authorization", "Bearer mine"),)


PROVIDERS: dict[str, tuple[Provider, str, str, dict[str, str]]] = {
    "openai": (openai("k"), "llm", "https://api.openai.com/v1/chat/completions", {"authorization": "Bearer k"}),
    "custom": (
        custom("https://api.together.xyz/", "k"),
        "llm",
        "https://api.together.xyz/v1/chat/completions",
        {"authorization": "Bearer k"},
    ),
    "custom with the whole path": (
        custom("https://llm.example/v1/chat/completions", "k"),
        "llm",
        "https://llm.example/v1/chat/completions",
        {"authorization": "Bearer k"},
    ),
    "anthropic": (
        anthropic("k"),
        "llm",
        "https://api.anthropic.com/v1/messages",
        {"x-api-key": "k", "anthropic-version": "2023-06-01"},
    ),
    "resend": (resend("k"), "email", "https://api.resend.com/emails", {"authorization": "Bearer k"}),
    "resend, many": (
        resend("k", batch=True),
        "email",
        "https://api.resend.com/emails/batch",
        {"authorization": "Bearer k"},
    ),
}


@pytest.mark.parametrize(("provider", "name", "url", "headers"), PROVIDERS.values(), ids=PROVIDERS)
def test_where_a_provider_is_and_what_it_wants(
    provider: Provider, name: str, url: str, headers: dict[str, str]
) -> None:
    operation = messages.publish({"api": {"name": name, "provider": provider}}, None)
    assert operation.path == f"/v2/publish/{url}"
    assert dict(operation.headers) == {f"Upstash-Forward-{key}": value for key, value in headers.items()}


BAD_APIS: dict[str, Any] = {
    "a text": "llm",
    "no provider": {"name": "llm"},
    "another provider": {"name": "llm", "provider": object()},
    "the wrong kind": {"name": "email", "provider": openai("k")},
    "no name": {"provider": openai("k")},
}


@pytest.mark.parametrize("api", BAD_APIS.values(), ids=BAD_APIS)
def test_an_api_is_a_name_and_a_provider_of_its_kind(api: Any) -> None:
    with pytest.raises(ValueError, match=r"^api must be \{'name': 'llm', 'provider': openai\(token\)\} or "):
        messages.publish({"api": api}, None)


def test_an_unknown_part_of_an_api_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^unknown part of api 'analytics'; there are name, provider$"):
        messages.publish({"api": {"name": "llm", "provider": openai("k"), "analytics": {}}}, None)


def test_a_providers_address_is_checked_like_any_other() -> None:
    with pytest.raises(ValueError, match=r"^api has a '.' or '..' segment"):
        messages.publish({"api": {"name": "llm", "provider": custom("https://x.example/../..", "k")}}, None)


@pytest.mark.sampled("make")
@pytest.mark.parametrize("make", [openai, anthropic, resend, partial(custom, "https://x.example")])
@pytest.mark.parametrize("token", ["", " ", "TESTONLY\n", "TESTONLY two", "TESTONLY\xe9"], ids=ascii)
def test_a_bad_provider_token_is_refused_without_showing_it(make: Any, token: str) -> None:
    with pytest.raises(ValueError, match=r"^token must be the provider's API key; it is empty, or has") as caught:
        make(token)
    assert "TESTONLY" not in str(caught.value)
    with pytest.raises(TypeError, match=r"^token must be a str, not NoneType$"):
        make(None)
