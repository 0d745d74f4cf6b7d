"""The pair of keys that QStash signs with.

Spec: https://upstash.com/docs/qstash/howto/roll-signing-keys
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SigningKey:
    """Both keys; they do not show in the repr."""

    current: str
    """What deliveries are signed with."""
    next: str
    """The current one after the next ``rotate``."""

    def __repr__(self) -> str:
        return "SigningKey(***)"
