"""The data folder, on which only one system at a time runs, and the file of the embedded index,
which leaves for an engine only while nobody uses it.

Both are locks that the children of who took them inherit: what is taken stays so while any process
of an earlier run still lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from lookalike.errors import Misconfigured


def claim_folder(folder: Path) -> int:
    """Makes the folder and takes its lock; gives the lock's file descriptor.

    Raises `Misconfigured` where the folder cannot be used or is taken.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error) from error
    lock = _locked(folder / "running.lock", fcntl.LOCK_EX)
    if lock is None:
        raise Misconfigured(
            f"Another Lookalike runs on the data folder {folder}. Stop it, or give this one a "
            "folder of its own with LOOKALIKE_DATA_DIR."
        )
    return lock


def use_catalogue(file: Path | None) -> list[int]:
    """Keeps the file of the embedded index where it is, as long as this process or a child of it
    lives; gives the lock's file descriptor, and none where there is no such file.

    Raises `Misconfigured` while the catalogue is moved away.
    """
    if file is None:
        return []
    lock = _locked(_beside(file), fcntl.LOCK_SH)
    if lock is None:
        raise Misconfigured(
            f"The catalogue {file} is being moved to an engine. Wait until `lookalike move` ends, "
            "and set LOOKALIKE_INDEX_URL as it says."
        )
    return [lock]


def claim_catalogue(file: Path) -> int:
    """Keeps everybody else from the file of the embedded index; gives the lock's file descriptor.

    Raises `Misconfigured` while it is used, or where it is not there.
    """
    if not file.exists():
        raise Misconfigured(f"There is no catalogue at {file} to move.")
    lock = _locked(_beside(file), fcntl.LOCK_EX)
    if lock is None:
        raise Misconfigured(
            f"The catalogue {file} is in use. Stop every `lookalike up`, `serve`, `worker` and "
            "`demo` that runs on it, and move again."
        )
    return lock


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.lock")


def _locked(file: Path, how: int) -> int | None:
    """The descriptor of a lock file that is now held; None where others hold it."""
    try:
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _not_writable(file.parent, error) from error
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _not_writable(folder: Path, error: OSError) -> Misconfigured:
    return Misconfigured(
        f"The data folder {folder} cannot be written ({error.strerror}). Give LOOKALIKE_DATA_DIR a "
        "folder that this user may write."
    )
