"""The data folder, and that only one system at a time runs on it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from lookalike.errors import Misconfigured


def claim_folder(folder: Path) -> int:
    """Makes the folder and takes its lock; gives the lock's file descriptor.

    Children inherit it, so a folder stays taken while any process of an earlier run still lives.
    Raises `Misconfigured` where the folder cannot be used or is taken.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "running.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Misconfigured(
            f"The data folder {folder} cannot be written ({error.strerror}). Give "
            "LOOKALIKE_DATA_DIR a folder that this user may write."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise Misconfigured(
            f"Another Lookalike runs on the data folder {folder}. Stop it, or give this one a "
            "folder of its own with LOOKALIKE_DATA_DIR."
        ) from error
    return lock
