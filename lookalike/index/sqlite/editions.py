"""Editions of the embedded index: the first is the catalogue's own file, where the state stands,
too; another one is a file beside it."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from lookalike.errors import Misconfigured
from lookalike.index.documents import compact_json
from lookalike.index.editions import FIRST, Edition, Outdated, State, Told
from lookalike.index.findings import Finding, error, fine, warning
from lookalike.index.protocol import ProductIndex, Revision
from lookalike.index.sqlite.connection import Connections, connect, translated
from lookalike.index.sqlite.products import SqliteProductIndex
from lookalike.index.sqlite.schema import prepare

_LEAST_FREE = 2**30

_EMPTIED = ("product", "vector", "words", "metadata_term")


class SqliteEditions:
    """`Editions` in and beside one file. Make one in each process, after forks."""

    def __init__(self, path: Path, memory_bytes: int) -> None:
        prepare(path)
        self._path = path
        self._memory_bytes = memory_bytes
        self._connections = Connections(path)
        self._opened: dict[str, SqliteProductIndex] = {}
        self._opening = threading.Lock()

    def read(self) -> Told | None:
        """The state; None where there is no catalogue yet."""
        with self._connections.reading() as connection:
            found = connection.execute("SELECT state, revision FROM editions").fetchone()
        if found is None:
            return None
        told = Told(State.from_json(json.loads(found[0])), Revision(str(found[1])))
        self._let_go(told.state)
        return told

    def _let_go(self, state: State) -> None:
        """Lets go of files and matrices of editions that another process dropped."""
        with self._opening:
            for gone in self._opened.keys() - {each.name for each in state.editions}:
                del self._opened[gone]

    def save(self, state: State, read: Revision | None) -> bool:
        """Saves the state, unless another one was saved since."""
        text = compact_json(state.to_json())
        with self._connections.writing() as connection:
            if read is not None:
                done = connection.execute(
                    "UPDATE editions SET state = ?, revision = revision + 1 WHERE revision = ?",
                    (text, int(read)),
                )
                return done.rowcount == 1
            if connection.execute("SELECT 1 FROM editions").fetchone():
                return False
            connection.execute("INSERT INTO editions (state, revision) VALUES (?, 1)", (text,))
            return True

    def make(self, edition: Edition) -> None:
        """Makes sure that an edition is there."""
        prepare(self._file(edition))

    def check(self, edition: Edition) -> None:
        """Looks whether an edition is there."""
        if not (path := self._file(edition)).exists():
            raise Misconfigured(
                f"{path} is not there any more, and with it the catalogue. Put a backup in its "
                "place, or choose another LOOKALIKE_INDEX_URL to begin anew."
            )

    def fence(self, edition: Edition, epoch: int) -> None:
        """From now on the edition takes writes of this epoch alone. A writer has the file for
        himself, so none is under way."""
        path = self._file(edition)
        with translated(path), closing(connect(path)) as connection:
            connection.execute("UPDATE state SET epoch = ? WHERE epoch < ?", (epoch, epoch))

    def open(self, edition: Edition, epoch: int) -> ProductIndex:
        """The edition's products, its matrices shared by all that opened it in this process."""
        with self._opening:
            if edition.name not in self._opened:
                path, memory = self._file(edition), self._memory_bytes
                if not path.exists():  # opening it would make it anew, empty
                    raise Outdated("The catalogue's editions changed. Send the request again.")
                self._opened[edition.name] = SqliteProductIndex(path, edition.space, memory)
            return self._opened[edition.name].in_epoch(epoch)

    def show(self, state: State) -> None:
        """There is nobody to show it to."""

    def drop(self, edition: Edition) -> None:
        """Removes an edition. The first one's file stays, for it holds the accounts, too."""
        with self._opening:
            if opened := self._opened.pop(edition.name, None):
                opened.close()
        path = self._file(edition)
        if edition.name != FIRST:
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            return
        with self._connections.writing() as connection:
            for table in _EMPTIED:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608

    def examine(self, state: State) -> Iterator[Finding]:
        """Whether each edition's file is whole, and its disk has room."""
        for edition in state.editions:
            path = self._file(edition)
            with translated(path), closing(connect(path)) as connection:
                (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found == "ok":
                yield fine("catalogue", f"{path} is whole.")
            else:
                yield error("catalogue", f"{path} is damaged ({found}). Put a backup in its place.")
        disk = shutil.disk_usage(self._path.parent)
        says = f"{disk.free / 2**30:.1f} GB are free under {self._path.parent}"
        if disk.free < _LEAST_FREE:
            yield warning("disk", f"{says}. Make room before uploads are refused.")
        else:
            yield fine("disk", f"{says}.")

    def close(self) -> None:
        """Closes the files."""
        self._connections.close()
        for each in self._opened.values():
            each.close()

    def _file(self, edition: Edition) -> Path:
        if edition.name == FIRST:
            return self._path
        return self._path.with_name(f"{self._path.stem}-{edition.name}{self._path.suffix}")
