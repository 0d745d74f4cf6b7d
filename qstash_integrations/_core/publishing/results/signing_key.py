"""The pair of keys that QStash signs with.

Spec: https://upstash.com/docs/qstash/howto/roll-signing-keys
"""

from dataclasses import dataclass
from typing import Any

from .fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SigningKey:
    """Both keys; they do not show in the repr."""

    current: str
    next: str
    """The current one after the next ``rotate``."""

    def __repr__(self) -> str:
        return "SigningKey(***)"


def read_signing_key(answer: Any) -> SigningKey:
    fields = Fields(answer)
    del answer  # error trackers print the locals of raising frames
    return SigningKey(current=fields.need("current", str), next=fields.need("next", str))
