"""The probe: a verified route that does nothing, and tells a genuine request how it looks from inside of the app.

What it tells is what the sender has signed or sent, and how this server hands that on; no setting, no secret, no other
request. Who is refused is told nothing: the verdict (``verdict.py``) is noise to who holds no secret of the app.
"""

import hashlib
import json
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

from ..errors import ConfigurationError
from ..names import is_route
from .answers import Answer
from .delivery import Delivery
from .head import Head

PROBE_PATH = "/qstash/probe"
FORM = 1
# Of which the probe tells whether they came.
_HEADERS = (
    "content-encoding", "content-type", "forwarded", "transfer-encoding", "upstash-message-id", "upstash-region",
    "upstash-retried", "user-agent", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-prefix",
    "x-forwarded-proto",
)  # fmt: skip


def probe_path_of(value: object, name: str = "probe_path") -> str | None:
    """Where the probe is; None where there is to be none. ConfigurationError names ``name``."""
    if value is None:
        return None
    if not is_route(value):
        raise ConfigurationError(
            f"{name} must be a path of letters, digits, '_', '-', '.' and '~', such as {PROBE_PATH!r}, or None for no "
            f"probe, not {value!r}"
        )
    return value


def is_probe(path: str, base: str) -> bool:
    """Whether a path within the app is the probe's, or below it."""
    return base in path and f"{path}/".startswith(f"{base}/")


def facts_of(head: Head, delivery: Delivery, framework: str) -> Answer:
    """What this app has seen of a genuine request."""
    present = [name for name, value in zip(_HEADERS, head.headers(_HEADERS), strict=True) if value is not None]
    told = {
        "qstash_probe": FORM,
        "target": head.target,
        "root_path": head.root_path,
        "headers": present,
        "clock": time.time(),
        "body_bytes": len(delivery.body),
        "body_sha256": hashlib.sha256(delivery.body).hexdigest(),
        "signed_url": delivery.claims.sub,
        "key": delivery.claims.key,
        "framework": framework,
        "framework_version": _version(framework),
        "python": python_version(),
        "version": _version("qstash_integrations"),
    }
    body = json.dumps(told, separators=(",", ":")).encode()
    return Answer(200, (("content-type", "application/json"), ("cache-control", "no-store")), body)


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
