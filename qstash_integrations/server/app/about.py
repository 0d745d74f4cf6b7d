"""What a person may know of a server that runs: how it was started, and what it takes. No secret is in it."""

from importlib.metadata import version
from typing import Any

from ..worker import Network
from .config import ServerConfig
from .listening import Bound, check_host


def about(config: ServerConfig, bound: Bound) -> dict[str, Any]:
    """Values that JSON has; times in seconds."""
    limits, retention = config.limits, config.retention
    return {
        "version": version("qstash_integrations"),
        "url": url_for_others(config, bound),
        "db": None if config.db is None else str(config.db.absolute()),
        "allowHosts": list(config.allow_hosts),
        "rewrites": [{"from": addressed, "to": delivered} for addressed, delivered in config.rewrites],
        "reaches": network_of(config, bound),
        "limits": {
            "body": limits.body,
            "batch": limits.batch_bytes,
            "retries": limits.retries,
            "delay": limits.delay,
            "timeout": limits.timeout,
            "parallelism": limits.parallelism,
        },
        "keeps": {"messages": retention.messages, "deadLetters": retention.dead_letters},
    }


def url_for_others(config: ServerConfig, bound: Bound) -> str:
    """By the name that others were told; on loopback there are no others."""
    return bound.url if bound.is_loopback or not config.allow_hosts else bound.url_of(check_host(config.allow_hosts[0]))


def network_of(config: ServerConfig, bound: Bound) -> Network:
    """What may be delivered to."""
    return config.network or ("local" if bound.is_loopback else "public")
