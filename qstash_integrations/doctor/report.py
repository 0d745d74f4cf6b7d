"""What may be pasted into an issue: hosts have aliases, and there is no secret, no body and no query in it. Pure."""

import json
import platform
import re
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from .._core.hosts import is_hosted, is_loopback
from ..routes import Verification
from .facts import Facts, PastAttempt
from .findings import Finding
from .heard import instant_of
from .showing import stages

_URL = re.compile(r"https?://[^\s'\",;)<>]+", re.IGNORECASE)
# In what others wrote, a name with a dot and letters behind it, or an address.
_HOST = re.compile(r"(?<![\w./-])(?:(?:[a-z0-9_-]+\.)+[a-z]{2,}|(?:[0-9]{1,3}\.){3}[0-9]{1,3})(?![\w-])", re.IGNORECASE)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_OF_SETTINGS = "Q1"
_ATTEMPTS = 20


class Aliases:
    """A name for each host: the same one wherever it stands."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._names: dict[str, str] = {}
        for host in hosts:
            self._name(host)

    def url(self, url: str) -> str:
        """Without user, query and fragment, and with an alias for its host."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "(no URL)"
        if not host:
            return "(no URL)"
        shown = host if is_hosted(url) or is_loopback(url) else self._name(host)
        return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path}"

    def text(self, text: str) -> str:
        """With an alias for each host in it."""
        known = _URL.sub(lambda match: self.url(match[0]), text)
        for host, name in self._names.items():
            known = re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", name, known, flags=re.IGNORECASE)
        return known

    def foreign(self, text: str) -> str:
        """With an alias for whatever looks like a host in it: of what proxies and QStash wrote."""
        return _HOST.sub(lambda match: self._shown(match[0]), self.text(text))

    def _shown(self, host: str) -> str:
        return host if host in self._names.values() or is_loopback(f"http://{host}") else self._name(host)

    def _name(self, host: str) -> str:
        return self._names.setdefault(host.lower(), f"host-{len(self._names) + 1}.invalid")


def report(facts: Facts, found: Sequence[Finding]) -> str:
    """One JSON value, a key per line."""
    aliases = Aliases([host for url in facts.shapes.public_urls if (host := _host(url))] + list(facts.shapes.hosts))
    return json.dumps(_report(facts, found, aliases), indent=1) + "\n"


def _report(facts: Facts, found: Sequence[Finding], aliases: Aliases) -> dict[str, Any]:
    shapes, account, app = facts.shapes, facts.account, facts.app
    text: Callable[[str], str] = aliases.text
    return {
        "versions": {
            "qstash_integrations": version("qstash_integrations"),
            "python": platform.python_version(),
            "framework": f"{app.framework} {app.version}".strip() or None,
        },
        "qstash_url": aliases.url(shapes.api_url) if "://" in shapes.api_url else None,
        "public_urls": [aliases.url(url) if "://" in url else "(no URL)" for url in shapes.public_urls],
        "settings": {
            setting: {
                "source": value.source or None,
                "form": [name for name in ("is_blank", "quoted", "odd", "published", "cut") if getattr(value, name)]
                + ([f"line end {value.line_end}"] if value.line_end else []),
            }
            for setting, value in shapes.values.items()
        },
        "keys": account
        and {
            "current_fits": account.current_fits,
            "next_fits": account.next_fits,
            "swapped": account.swapped,
            "rotated": account.rotated,
        },
        "routes": [
            {
                "path": route.path,
                "methods": list(route.methods),
                "task": route.task,
                "verified": _verified(route.verification),
            }
            for route in app.routes
        ],
        "probe": app.probe_path,
        "server": facts.unsigned
        and {"server": aliases.foreign(facts.unsigned.server), "via": aliases.foreign(facts.unsigned.via)},
        "stages": {stage: text(state) for stage, state in stages(facts).items()},
        "findings": [
            {
                "id": one.id,
                "severity": one.severity,
                "sentence": text(_discreet(one)),
                "remedy": text(one.remedy),
                "page": one.page,
            }
            for one in found
        ],
        "attempts": [_attempt(attempt, aliases) for attempt in (account.attempts if account else ())[:_ATTEMPTS]],
    }


def _discreet(finding: Finding) -> str:
    """Without what it quotes of a setting, which may be a secret that was put into the wrong one."""
    return _QUOTED.sub("'...'", finding.sentence) if finding.id.startswith(_OF_SETTINGS) else finding.sentence


def _verified(verification: Verification | None) -> dict[str, Any] | None:
    if verification is None:
        return None
    return {
        "by": verification.by,
        "any_url": verification.any_url,
        "url_match": verification.url_match,
        "once": verification.once,
        "inbox": verification.inbox,
        "max_body_size": verification.max_body_size,
        "body_timeout": verification.body_timeout,
        "own_public_url": verification.own_public_url,
        "own_keys": verification.own_keys,
        "refuses_all": verification.problem is not None,
    }


def _attempt(attempt: PastAttempt, aliases: Aliases) -> dict[str, Any]:
    return {
        "at": instant_of(attempt.at),
        "url": aliases.url(attempt.url),
        "delivered": attempt.delivered,
        "status": attempt.status,
        "seconds": attempt.seconds,
        "server": aliases.foreign(attempt.server),
        "via": aliases.foreign(attempt.via),
        "reason": attempt.ours or aliases.foreign(attempt.error),
    }


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
