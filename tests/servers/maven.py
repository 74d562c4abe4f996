"""Fetching from Maven's repository, by the executions of `pom.xml`."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.servers.needs import maven

POM = Path(__file__).parent / "pom.xml"


def fetch(execution: str, folder: Path) -> None:
    """Puts what an execution names into a folder. Maven's own store goes with the block: some
    archives are a gigabyte."""
    goal = "copy-dependencies" if execution == "opensearch" else "copy"
    with tempfile.TemporaryDirectory(dir=folder.parent) as store:
        done = subprocess.run(
            [
                maven(),
                "--quiet",
                "--batch-mode",
                f"--file={POM}",
                f"-Dmaven.repo.local={store}",
                f"-DoutputDirectory={folder}",
                f"dependency:{goal}@{execution}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"Maven could not fetch {execution}:\n{done.stdout}{done.stderr}")
