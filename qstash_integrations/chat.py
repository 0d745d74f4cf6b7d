"""Providers for ``api={"name": "llm", "provider": openai(token)}`` and ``{"name": "email", ...}``.

Named after the official SDK's module. QStash calls the provider and reports its answer to the ``callback``.

Spec: https://upstash.com/docs/qstash/integrations/llm
"""

from ._core.publishing.providers import Provider, anthropic, custom, openai, resend

__all__ = ["Provider", "anthropic", "custom", "openai", "resend"]
