"""The settings of a local server in a ``.env`` file, whose other lines stay as they are.

It holds a token and keys: nobody else may read it, and what is not this machine's own is never written over.

Spec: https://pypi.org/project/python-dotenv/
"""

import os
import re
import secrets
import stat
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from ..._core.errors import QStashError
from ..._core.hosts import is_private
from ..._core.receiving.receiver import DEV_KEYS
from ..._core.settings.given import KEYS

_SECRETS = ("QSTASH_TOKEN", *KEYS)
_LINE = re.compile(r"(?P<before>\s*(?:export\s+)?)(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=(?P<value>.*)")


class EnvFile:
    """A file to write settings to. QStashError where it is none of ours to write, said before the server starts."""

    def __init__(self, path: Path, *, names: Sequence[str] = ()) -> None:
        """``names`` are hosts of this server, by which its own settings are known again."""
        self._path = path
        self._names = [name.lower() for name in names]
        self._lines()

    def write(self, settings: Mapping[str, str]) -> None:
        """Put ``settings`` in the place of the lines of the same names, or behind all others."""
        wanted = dict(settings)
        lines: list[str] = []
        for line in self._lines():
            parts = _LINE.match(line)
            if parts is None or parts["name"] not in settings:
                lines.append(line)
            elif (value := wanted.pop(parts["name"], None)) is not None:
                lines.append(f"{parts['before']}{parts['name']}={value}")
        self._replace("".join(f"{line}\n" for line in [*lines, *(f"{name}={value}" for name, value in wanted.items())]))

    def _lines(self) -> list[str]:
        """Those of the file, none where there is no file yet."""
        try:
            found = self._path.lstat()
            if not stat.S_ISREG(found.st_mode):
                raise QStashError(f"{self._path} is no ordinary file; name another one with --write-env")
            if sys.platform != "win32" and found.st_uid != os.geteuid():
                raise QStashError(f"{self._path} belongs to another user; name another one with --write-env")
            text = self._path.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise QStashError(f"{self._path}: {error.strerror or error}") from error
        lines = text.removesuffix("\n").split("\n") if text else []
        given = [(parts["name"], parts["value"].strip(" \t\r'\"")) for line in lines if (parts := _LINE.match(line))]
        if any(name == "QSTASH_REGION" and value for name, value in given):
            raise QStashError(
                f"{self._path} has QSTASH_REGION, with which a region's URL and token count instead; name another file "
                "with --write-env, or take it out"
            )
        urls = [value for name, value in given if name == "QSTASH_URL" and value]
        # An app that only receives has keys and nothing else.
        foreign = any(name in _SECRETS and value and value not in DEV_KEYS for name, value in given)
        if not all(map(self._is_ours, urls)) or (foreign and not urls):
            raise QStashError(
                f"{self._path} has the settings of another QStash, which would be lost; name another file with "
                f"--write-env, or take QSTASH_URL, {', '.join(_SECRETS)} out of it"
            )
        return lines

    def _is_ours(self, url: str) -> bool:
        try:
            return is_private(url) or urlsplit(url).hostname in self._names
        except ValueError:
            return False

    def _replace(self, text: str) -> None:
        # Whole or not at all, and at no moment readable for others.
        beside = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
                    file.write(text)
                beside.replace(self._path)
            except OSError:
                with suppress(OSError):
                    beside.unlink()
                raise
        except OSError as error:
            raise QStashError(f"{self._path}: {error.strerror or error}") from error
