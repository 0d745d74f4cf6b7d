"""Where the ``api`` destinations lie, and how each wants its token.

A provider's token is forwarded with the message; it never lands in the caller's own headers.

Spec: https://upstash.com/docs/qstash/integrations/llm and https://upstash.com/docs/qstash/integrations/resend
"""

import re


class Provider:
    """An LLM or e-mail service. Its token does not show in the repr.

    No tuple: error trackers print the locals of frames, and walk through tuples instead of asking for their repr.
    """

    __slots__ = ("headers", "name", "url")

    def __init__(self, name: str, url: str, headers: tuple[tuple[str, str], ...]) -> None:
        self.name: str = name
        """The kind of ``api`` that it serves: "llm" or "email"."""
        self.url: str = url
        self.headers: tuple[tuple[str, str], ...] = headers
        """Forwarded with every message; they carry the token."""

    def __repr__(self) -> str:
        return f"Provider(name={self.name!r}, url={self.url!r}, ***)"


def openai(token: str) -> Provider:
    """OpenAI's chat completions. ``token`` is OpenAI's API key; ValueError where it cannot be one."""
    if problem := _problem(token):
        del token  # error trackers print the locals of raising frames
        raise problem
    return _chat_completions("https://api.openai.com", token)


def custom(base_url: str, token: str) -> Provider:
    """Any service with OpenAI's API below ``base_url``, such as ``https://api.together.xyz``.

    ``token`` is the service's API key; ValueError where it cannot be one.
    """
    if problem := _problem(token):
        del token
        raise problem
    return _chat_completions(base_url, token)


def anthropic(token: str) -> Provider:
    """Anthropic's messages API, in its version of 2023-06-01.

    ``token`` is Anthropic's API key; ValueError where it cannot be one.
    """
    if problem := _problem(token):
        del token
        raise problem
    headers = (("x-api-key", token), ("anthropic-version", "2023-06-01"))
    return Provider("llm", "https://api.anthropic.com/v1/messages", headers)


def resend(token: str, *, batch: bool = False) -> Provider:
    """Resend's e-mails; ``batch`` sends a list of them in one message.

    ``token`` is Resend's API key; ValueError where it cannot be one.
    """
    if problem := _problem(token):
        del token
        raise problem
    return Provider("email", f"https://api.resend.com/emails{'/batch' if batch else ''}", _bearer(token))


def _chat_completions(base_url: str, token: str) -> Provider:
    base = re.sub(r"/(?:v1/)?chat/completions$", "", base_url.rstrip("/"))
    return Provider("llm", f"{base}/v1/chat/completions", _bearer(token))


def _bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


def _problem(token: object) -> Exception | None:
    if not isinstance(token, str):
        return TypeError(f"token must be a str, not {type(token).__name__}")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        return ValueError("token must be the provider's API key; it is empty, or has blanks or line breaks")
    return None
