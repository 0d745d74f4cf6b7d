"""The connection: a file that only its owner can read, or memory. One process at a time, one writer.

A file is opened once, exclusively: a second server on it would deliver every message twice.
"""

import os
import sqlite3
import stat
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from ..model import StartupError

# "QSTH", so that no other program's database is taken for ours.
APPLICATION_ID = 0x51535448
SCHEMA_VERSION = 4
_MAGIC = b"SQLite format 3\0"
OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables
_PATIENCE = 1.0  # seconds for a server that is just closing the same file
_EVERY_DATABASE = """
PRAGMA trusted_schema = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA foreign_keys = OFF;
"""
# A commit survives the death of the process; what a power cut takes are the last commits, never the file.
_EVERY_FILE = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA secure_delete = ON;
PRAGMA cache_size = -32000;
PRAGMA journal_size_limit = 67108864;
"""


def connect(path: Path | None, *, max_bytes: int | None = None) -> sqlite3.Connection:
    """A connection to a database with our schema, which is made where there is none.

    ``max_bytes`` caps the database itself; beyond it, as on a full disk, writing raises StorageFull.
    Raises StartupError, in one line, for a file that cannot be used.
    """
    check_version(sqlite3.sqlite_version_info)
    if path is None:
        # In memory as long as it fits there; what is more is in a file that has no name, and is gone with the process.
        connection = _opened("")
        # Bodies of a kilobyte fill larger pages better, and hardly any of them is ever written to that file.
        connection.executescript("PRAGMA page_size = 16384; PRAGMA cache_size = -32000;")
        _make_schema(connection)
    else:
        _prepare(path)
        connection = _opened(str(path))
        try:
            _adopt(connection, path)
            # Again, now that they are open: where others may create files, one could have come in between.
            _check_journals(path)
        except BaseException:
            connection.close()
            raise
    if max_bytes is not None:
        page_size: int = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {max(max_bytes // page_size, 1):d}")
    return connection


def check_version(version: tuple[int, int, int]) -> None:
    """SQLite comes with the system or with Python, and may be older than Python is."""
    if version < OLDEST_SQLITE:
        raise StartupError(
            f"the local QStash needs SQLite {'.'.join(map(str, OLDEST_SQLITE))} or newer, and this Python has"
            f" {'.'.join(map(str, version))}; use another build of Python"
        )


def _opened(name: str) -> sqlite3.Connection:
    # The server may be built in one thread and run in another; it never runs in two.
    connection = sqlite3.connect(
        name, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.executescript(_EVERY_DATABASE)
    connection.create_function("host_of", 1, _host_of, deterministic=True)
    connection.create_function("path_of", 1, _path_of, deterministic=True)
    return connection


def _prepare(path: Path) -> None:
    """The file, readable by its owner only; a symbolic link could lead anywhere and is refused."""
    # A directory that was made for a mistyped name would have an empty server in it, and nobody would notice.
    if not path.parent.is_dir():
        raise StartupError(f"--db {path}: there is no directory {path.parent}; make it, or choose another file")
    if path.is_dir():
        raise StartupError(f"--db {path}: it is a directory; name a file in it, such as {path / 'qstash.db'}")
    try:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        if path.is_symlink():
            raise StartupError(f"--db {path}: it is a symbolic link; give the database file itself")
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise StartupError(
            f"--db {path}: it cannot be opened for writing: {error.strerror}; choose another file"
        ) from error
    try:
        _check_own(path, os.fstat(descriptor))
        _check_journals(path)
        # Before its mode is changed: what a mistyped name leads to is left as it is.
        if os.read(descriptor, len(_MAGIC)) not in (b"", _MAGIC):
            raise StartupError(f"--db {path}: it is not a database of the local QStash; choose another file")
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise StartupError(f"--db {path}: it cannot be made private: {error.strerror}; choose another file") from error
    finally:
        os.close(descriptor)


def _check_own(path: Path, found: os.stat_result) -> None:
    """Root can open what belongs to others, and would take it from them; and its owner can change what is in it."""
    if not stat.S_ISREG(found.st_mode):
        raise StartupError(f"--db {path}: it is not a regular file; choose another file")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise StartupError(f"--db {path}: it belongs to another user; choose another file")
    if found.st_nlink > 1:
        raise StartupError(f"--db {path}: it is a file of several names, by hard links; choose another file")


def _check_journals(path: Path) -> None:
    """SQLite reads and writes whatever has the name of a journal."""
    for suffix in ("-wal", "-shm", "-journal"):
        journal = Path(f"{path}{suffix}")
        try:
            found = journal.lstat()
        except FileNotFoundError:
            continue
        _check_own(journal, found)


def _adopt(connection: sqlite3.Connection, path: Path) -> None:
    try:
        # Before anything is read: no memory is shared with other processes, and no file made for it.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        application_id: int = connection.execute("PRAGMA application_id").fetchone()[0]
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        is_empty = connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is None
        if application_id != APPLICATION_ID and not (application_id == 0 and is_empty):
            raise StartupError(f"--db {path}: it is not a database of the local QStash; choose another file")
        if version != SCHEMA_VERSION and not is_empty:
            other = "an older" if version < SCHEMA_VERSION else "a newer"
            raise StartupError(
                f"--db {path}: {other} version of this package wrote it; delete it, use that version, or choose another"
                " file"
            )
        connection.executescript(_EVERY_FILE)
        if is_empty:
            _make_schema(connection)
        # Locked now rather than with the first message: who comes second must not start.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise StartupError(f"--db {path}: {_cause(error)}") from error


def _make_schema(connection: sqlite3.Connection) -> None:
    schema = files("qstash_integrations.server.tables").joinpath("schema.sql").read_text(encoding="utf-8")
    connection.executescript(
        f"BEGIN;\n{schema}\nPRAGMA application_id = {APPLICATION_ID:d};\n"
        f"PRAGMA user_version = {SCHEMA_VERSION:d};\nCOMMIT;"
    )


def _cause(error: sqlite3.Error) -> str:
    match error.sqlite_errorcode & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another server has it open; stop that one or choose another file"
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return "it is not a database of the local QStash; choose another file"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return "it or its directory cannot be written; choose another file"
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return f"{error}; free disk space or choose another file"
        case _:
            return f"{error}; choose another file"


def _host_of(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _path_of(url: str) -> str:
    return urlsplit(url).path
