"""Connections to the catalogue's one file: each is borrowed for one transaction and given back.

Readers never wait (WAL); writers wait for one another. Whatever SQLite complains of leaves as
`IndexAway`, in a sentence that says what to do."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from lookalike.errors import IndexAway

log = structlog.get_logger(__name__)

BUSY_S = 30.0
"""How long a writer waits for the others before it gives up."""

_SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk that holds the catalogue is full, so nothing more can be "
    "written. Make room and try again; what was accepted is safe.",
    sqlite3.SQLITE_BUSY: "Another process keeps the catalogue locked. Try again; if it stays so, "
    "look for a process that hangs, or for a backup tool that holds the file.",
    sqlite3.SQLITE_READONLY: "The catalogue cannot be written. Give the user that runs Lookalike "
    "the right to write the file and its folder.",
    sqlite3.SQLITE_CANTOPEN: "The catalogue's file cannot be opened. Check that its folder exists "
    "and that the user that runs Lookalike may read and write there.",
    sqlite3.SQLITE_NOTADB: "The file set as the catalogue is not one. Point LOOKALIKE_INDEX_URL "
    "to another file, or put a backup in its place.",
    sqlite3.SQLITE_CORRUPT: "The catalogue's file is damaged. Stop Lookalike and put a backup in "
    "its place.",
    sqlite3.SQLITE_IOERR: "The disk that holds the catalogue reports errors. Check the disk and "
    "the system's log.",
}
_OTHERWISE = "The catalogue's file cannot be used at the moment. The server's log says why."


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns every error of SQLite into `IndexAway`. The path and SQLite's own words go to the log
    only: the sentence may reach a shopper."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        log.error("sqlite_failed", path=str(path), reason=str(error), code=code)
        # The low byte is the kind of error; the bytes above it only refine it.
        raise IndexAway(_SENTENCES.get(code & 0xFF, _OTHERWISE)) from error


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """A connection that commits nothing by itself. The file must exist unless `create`."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA foreign_keys = ON")
    # What was accepted survives a power cut, for one fsync a transaction, thus one a chunk.
    connection.execute("PRAGMA synchronous = FULL")
    # With more of the file at hand and fewer checkpoints (32 MB of log instead of 8), a chunk is
    # written in half the time.
    connection.execute("PRAGMA cache_size = -8000")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    return connection


class Connections:
    """As many connections as threads ask for at once, made when first needed. Thread-safe; must
    not be carried over a fork, because SQLite's locks are not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pid = os.getpid()
        self._idle: deque[sqlite3.Connection] = deque()
        self._watcher: sqlite3.Connection | None = None
        self._watching = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A view of the file that stands still meanwhile."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All that the block writes, or nothing if it raises. No other writer comes between."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def version(self) -> int:
        """Another number after every commit, whichever process or thread made it: SQLite counts
        those of all other connections, and the one that is asked here never writes."""
        with translated(self._path), self._watching:
            self._must_be_ours()
            self._watcher = self._watcher or connect(self._path)
            return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Closes the connections that nobody has borrowed."""
        while self._idle:
            self._idle.pop().close()
        if self._watcher:
            self._watcher.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with translated(self._path):
            connection = self._borrow()
            try:
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()  # rolls back, and what state it was in does not matter any more
                raise
            self._idle.append(connection)

    def _borrow(self) -> sqlite3.Connection:
        self._must_be_ours()
        try:
            return self._idle.pop()
        except IndexError:
            return connect(self._path)

    def _must_be_ours(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError("The index was made before a fork. Make one in each process.")
