"""What just happened, for a driver that tells it: of messages, schedules, queues. Nothing of it is needed again."""

from ..model import Headline, Note
from ..tables import Store
from ..tables.news import Entry

# Told one by one of what came at once; the rest of a batch is counted.
_MOST_ACCEPTED = 20
_TOLD = ("CREATED", "RETRY", "FAILED", "CANCELED")


class News:
    """Nothing is kept for whoever does not ``listen``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def listen(self) -> None:
        self._store.news.listen(_TOLD)

    def take(self) -> list[Headline | Note]:
        """What happened since the last time, in that order. Not to be called in the middle of ``together``."""
        kept: list[Entry | Note] = []
        accepted = 0
        at = 0.0
        for one in self._store.news.take():
            if isinstance(one, Entry) and one.state == "CREATED":
                accepted += 1
                if accepted > _MOST_ACCEPTED:
                    at = one.at
                    continue
            kept.append(one)
        headlines = self._store.news.headlines([one for one in kept if isinstance(one, Entry)])
        told = [one if isinstance(one, Note) else headlines.get(one) for one in kept]
        if accepted > _MOST_ACCEPTED:
            told.append(Note(at=at, text=f"and {accepted - _MOST_ACCEPTED} more messages were accepted with these"))
        return [one for one in told if one is not None]
