"""Where fetched servers are kept between runs, outside the checkout."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def folder() -> Path:
    """The cache, readable for the user that the servers run as: root's own home is not."""
    if os.geteuid() == 0:
        return Path("/var/cache/lookalike-tests")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "lookalike-tests"


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache; `make` fills it the first time, in one process at a time. One
    that was cut off leaves nothing."""
    made = folder() / name
    folder().mkdir(mode=0o755, parents=True, exist_ok=True)
    with (folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.is_dir():
            making = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder()))
            try:
                make(making)
                making.chmod(0o755)
                making.rename(made)
            except BaseException:
                shutil.rmtree(making, ignore_errors=True)
                raise
    return made
