"""What just happened, for a driver that tells it: of messages, schedules, queues. Nothing of it is needed again."""

from ..model import Headline, Note
from ..tables import Store

# Told one by one of what came at once; the rest of a batch is counted.
_MOST_ACCEPTED = 20
_TOLD = ("CREATED", "RETRY", "FAILED", "CANCELED")


class News:
    """Nothing is kept for whoever does not ``listen``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def listen(self) -> None:
        self._store.news.listen()

    def take(self) -> list[Headline | Note]:
        """What happened since the last time, in that order. Not to be called in the middle of ``together``."""
        told: list[Headline | Note] = []
        accepted = 0
        at = 0.0
        for entry in self._store.news.take():
            if isinstance(entry, Note):
                told.append(entry)
                continue
            if entry.state == "CREATED":
                accepted += 1
                at = entry.at
            if entry.state in _TOLD and (entry.state != "CREATED" or accepted <= _MOST_ACCEPTED):
                headline = self._store.news.headline(entry)
                if headline is not None:
                    told.append(headline)
        if accepted > _MOST_ACCEPTED:
            told.append(Note(at=at, text=f"and {accepted - _MOST_ACCEPTED} more messages were accepted with these"))
        return told
