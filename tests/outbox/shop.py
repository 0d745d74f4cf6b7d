"""What ``--outbox`` may name: an outbox in memory, whose QStash is the one of the environment."""

from qstash_integrations import QStash
from qstash_integrations._core.settings.values import Settings
from qstash_integrations.outbox.here import Here
from tests.outbox.memory import MemoryStore

store: MemoryStore = MemoryStore()
outbox: Here = Here(store=store, client=QStash.from_settings(Settings.load))
nothing: str = "no outbox"
