"""Elasticsearch, out of the SonarQube that ships it whole."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.servers import cache
from tests.servers.maven import fetch
from tests.servers.needs import java
from tests.servers.running import Command, free_port

JAVA = {"elasticsearch-9.4": 21, "elasticsearch-8.16": 17}


@dataclass(frozen=True, slots=True)
class Elasticsearch:
    """One version: `name` is that of its execution in `pom.xml`."""

    name: str = "elasticsearch-9.4"

    def fetch(self) -> None:
        """Makes sure that it is in the cache."""
        java(JAVA[self.name])
        self._home()

    def command(self, work: Path) -> Command:
        """A single node with 1 GB of heap, on loopback, without security."""
        home, port = self._home(), free_port()
        # A folder of its own for the configuration, where Elasticsearch makes its keystore.
        shutil.copytree(home / "config", work / "config")
        (work / "config" / "elasticsearch.yml").write_text("")
        for name in ("tmp", "logs", "snapshots"):
            (work / name).mkdir()
        options = work / "config" / "jvm.options"  # 8.16 writes beside itself, where it may not
        options.write_text(options.read_text().replace("logs/", f"{work}/logs/"))
        settings = {
            "discovery.type": "single-node",
            "xpack.security.enabled": "false",
            "http.host": "127.0.0.1",
            "http.port": port,
            "transport.host": "127.0.0.1",
            "transport.port": free_port(),
            "path.data": work / "data",
            "path.logs": work / "logs",
            "path.repo": work / "snapshots",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        return Command(
            argv=[
                str(home / "bin" / "elasticsearch"),
                *(f"-E{name}={value}" for name, value in settings.items()),
            ],
            environment={
                "ES_JAVA_HOME": str(java(JAVA[self.name])),
                "ES_JAVA_OPTS": "-Xms1g -Xmx1g",
                "ES_PATH_CONF": str(work / "config"),
                "ES_TMPDIR": str(work / "tmp"),
            },
            folder=work,
            url=f"http://127.0.0.1:{port}",
            health=f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=yellow&timeout=5s",
        )

    def _home(self) -> Path:
        return cache.kept(self.name, self._make)

    def _make(self, folder: Path) -> None:
        """Unpacks of a large archive what is needed, and lets go of the rest."""
        fetch(self.name, folder)
        (archive,) = folder.glob("*.zip")
        with zipfile.ZipFile(archive) as packed:
            for entry in packed.infolist():
                _, _, path = entry.filename.partition("/")
                if path.startswith("elasticsearch/"):
                    target = folder / path.removeprefix("elasticsearch/")
                elif path == "bin/elasticsearch":
                    target = folder / path
                else:
                    continue
                if not entry.is_dir():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(packed.read(entry))
        archive.unlink()
        for name in ("logs", "plugins"):
            (folder / name).mkdir(exist_ok=True)
        for script in (folder / "bin").glob("elasticsearch*"):
            script.chmod(0o755)
