"""``Receiver({...}).verify({...})``, decided by this package's own Receiver.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

from collections.abc import Mapping
from typing import Any, Literal

from .._core.receiving import receiver as core
from .requests import fields_of

_KEYS = ("current_signing_key", "next_signing_key")
_PARTS = ("signature", "body", "url", "clock_tolerance")


class Receiver:
    """Takes ``{"current_signing_key": ..., "next_signing_key": ...}``.

    Raises ConfigurationError for keys that are none. The published keys of local development count where they do for
    ``qstash_integrations.Receiver``.
    """

    def __init__(self, config: Mapping[str, str]) -> None:
        # Lists that are emptied in time: error trackers print the locals of raising frames.
        keys: list[Mapping[str, Any]] = [config]
        del config
        keys.append(fields_of(keys.pop(), _KEYS))
        missing = [name for name in _KEYS if name not in keys[0]]
        if missing:
            keys.clear()
            raise TypeError(f"{' and '.join(missing)} missing; copy both keys from the QStash console")
        self._receiver = core.Receiver(**keys.pop())

    def verify(self, request: Mapping[str, Any]) -> Literal[True]:
        """True for a genuine ``{"signature": ..., "body": ..., "url": ...}``, else SignatureException.

        Without ``url`` a request that was signed for any other endpoint of the account passes.
        """
        parts: list[Mapping[str, Any]] = [request]
        del request  # as above
        parts.append({"url": None, **fields_of(parts.pop(), _PARTS)})
        missing = [name for name in ("signature", "body") if name not in parts[0]]
        if missing:
            parts.clear()
            raise TypeError(f"{' and '.join(missing)} missing in what is to be verified")
        self._receiver.verify(**parts.pop())
        return True

    def __repr__(self) -> str:
        return "Receiver(***)"
