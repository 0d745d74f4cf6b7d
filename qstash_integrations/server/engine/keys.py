"""The signing keys, and their rotation.

Spec: https://upstash.com/docs/qstash/howto/roll-signing-keys
"""

from .. import identifiers
from ..model import Keys
from ..tables import Store
from .commits import Commits

_CURRENT, _NEXT = "current_signing_key", "next_signing_key"


class SigningKeys:
    """``first`` is the pair where the store has none yet, a fresh one for None."""

    def __init__(self, store: Store, commit: Commits, first: Keys | None) -> None:
        self._store = store
        self._commit = commit
        with commit():
            if store.settings.get(_CURRENT) is None:
                self._put(first or Keys(current=identifiers.signing_key(), next=identifiers.signing_key()))

    def get(self) -> Keys:
        current, following = self._store.settings.get(_CURRENT), self._store.settings.get(_NEXT)
        assert current is not None, "there is a pair from the start"
        assert following is not None, "they are stored together"
        return Keys(current=current, next=following)

    def rotate(self) -> Keys:
        """The next key becomes the current one; a second rotation cuts off whoever did not follow the first."""
        with self._commit():
            rotated = Keys(current=self.get().next, next=identifiers.signing_key())
            self._put(rotated)
            return rotated

    def _put(self, keys: Keys) -> None:
        self._store.settings.put(_CURRENT, keys.current)
        self._store.settings.put(_NEXT, keys.next)
