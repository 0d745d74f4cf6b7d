"""The signing keys, and their rotation.

Spec: https://upstash.com/docs/qstash/howto/roll-signing-keys
"""

from .. import identifiers
from ..model import Keys
from ..tables import Store

_CURRENT, _NEXT = "current_signing_key", "next_signing_key"


class SigningKeys:
    def __init__(self, store: Store) -> None:
        self._store = store

    def ensure(self, first: Keys | None) -> None:
        """Where there are none, take these, or make a pair."""
        if self._store.settings.get(_CURRENT) is None:
            self._put(first or Keys(current=identifiers.signing_key(), next=identifiers.signing_key()))

    def get(self) -> Keys:
        current, following = self._store.settings.get(_CURRENT), self._store.settings.get(_NEXT)
        assert current is not None, "the engine makes sure of it when it starts"
        assert following is not None, "they are stored together"
        return Keys(current=current, next=following)

    def rotate(self) -> Keys:
        """The next key becomes the current one; a second rotation cuts off whoever did not follow the first."""
        rotated = Keys(current=self.get().next, next=identifiers.signing_key())
        self._put(rotated)
        return rotated

    def _put(self, keys: Keys) -> None:
        self._store.settings.put(_CURRENT, keys.current)
        self._store.settings.put(_NEXT, keys.next)
