"""What strangers send and how it may end: one table per part of a request, by the ids of the required cases.

Whatever an entry allows, ``verdict`` holds every request to the same promise: the handler runs for a genuine message
alone, and sees exactly the bytes that were signed.
"""

from tests.servers.cases.bodies import BODIES
from tests.servers.cases.case import Case
from tests.servers.cases.headers import HEADERS
from tests.servers.cases.hosts import HOSTS
from tests.servers.cases.lengths import LENGTHS
from tests.servers.cases.targets import TARGETS

ALL: dict[str, Case] = {**HEADERS, **BODIES, **LENGTHS, **TARGETS, **HOSTS}
