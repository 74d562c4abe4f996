"""The folder of the packs that were pulled or added: one a name, whole or not there at all."""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lookalike.embedding.packs import DESCRIPTION
from lookalike.errors import Misconfigured

BUILTIN = "mini"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Two processes that fetch or make one pack would write into each other's files. Raises
    `Misconfigured` in the second."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Misconfigured(
                "This pack is being pulled or made already, by another process. Wait for that."
            ) from error
        yield


class Library:
    """Packs by name. What begins with a dot in its folder is being fetched or made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def downloads(self, name: str) -> Path:
        """Where the export of a pack is kept while it is fetched."""
        return self._folder / ".downloads" / self._checked(name)

    @property
    def drawn(self) -> Path:
        """Where the drawn catalogue is kept that packs are calibrated on."""
        return self._folder / ".drawn"

    def names(self) -> list[str]:
        """The packs that are here."""
        return sorted(path.parent.name for path in self._folder.glob(f"[!.]*/{DESCRIPTION}"))

    def folder_of(self, name: str) -> Path:
        """The folder of a pack that is here. Raises `Misconfigured`."""
        folder = self._folder / self._checked(name)
        if not folder.is_dir():
            raise Misconfigured(
                f"There is no model pack {name} here. `lookalike models list` shows those that "
                "are, and those that can be pulled."
            )
        return folder

    def require_free(self, name: str) -> None:
        """Raises `Misconfigured` where a pack cannot be called so."""
        if name == BUILTIN or (self._folder / self._checked(name)).exists():
            raise Misconfigured(
                f"There is a model pack {name} already. Give another --name, or first "
                f"`lookalike models remove {name}`."
            )

    @contextmanager
    def making(self, name: str) -> Iterator[Path]:
        """A folder to make a pack in; it becomes the pack, or goes if anything is raised. What a
        process left that was killed meanwhile goes first."""
        self.require_free(name)
        place = self._folder / f".making-{name}"
        made = place / "pack"
        try:
            with alone(place):
                shutil.rmtree(made, ignore_errors=True)
                made.mkdir()
                try:
                    yield made
                    made.rename(self._folder / name)
                finally:
                    shutil.rmtree(place, ignore_errors=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def remove(self, name: str) -> None:
        """Deletes a pack, and what is left of its download. Raises `Misconfigured`."""
        folder, downloads = self._folder / self._checked(name), self.downloads(name)
        if name == BUILTIN:
            raise Misconfigured(f"{BUILTIN} is part of lookalike itself and cannot be removed.")
        if not downloads.is_dir():
            self.folder_of(name)
        for each in (folder, downloads):
            if each.is_dir():
                shutil.rmtree(each)

    def forget_download(self, name: str) -> None:
        """Deletes an export that a pack has been made of."""
        shutil.rmtree(self.downloads(name), ignore_errors=True)

    def _unwritable(self, error: OSError) -> Misconfigured:
        return Misconfigured(
            f"The pack cannot be written to {self._folder} ({error.strerror}). Make room, or give "
            "LOOKALIKE_DATA_DIR a folder that this user may write; then try again."
        )

    @staticmethod
    def _checked(name: str) -> str:
        if not _NAME.fullmatch(name):
            raise Misconfigured(
                f"{name!r} cannot be a pack's name: at most 64 small letters, digits, '.', '-' and "
                "'_', beginning with a letter or digit."
            )
        return name
