"""OpenSearch with the k-NN plugin, out of the jars of its embedded runner."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.servers import cache
from tests.servers.maven import fetch
from tests.servers.needs import java
from tests.servers.running import Command, free_port

PORTS = range(9210, 9300)
"""The runner takes no port beyond 9299."""


@dataclass(frozen=True, slots=True)
class OpenSearch:
    """OpenSearch 3.5."""

    name: str = "opensearch-3.5"

    def fetch(self) -> None:
        """Makes sure that it is in the cache."""
        java(21)
        self._home()

    def command(self, work: Path) -> Command:
        """A single node with 1 GB of heap, on loopback."""
        home, port = self._home(), free_port(PORTS)
        _allow_snapshots(work)
        return Command(
            argv=[
                str(java(21) / "bin" / "java"),
                "-Xms1g",
                "-Xmx1g",
                f"-Djava.io.tmpdir={work}",
                "--add-modules=jdk.unsupported,jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                f"{home / 'lib'}/*:{home / 'knn'}/*",
                "org.codelibs.opensearch.runner.OpenSearchRunner",
                *("-basePath", str(work / "nodes")),
                *("-numOfNode", "1"),
                *("-baseHttpPort", str(port - 1)),
                *("-clusterName", f"lookalike-{port}"),
                *("-pluginTypes", "org.opensearch.knn.plugin.KNNPlugin"),
            ],
            environment={},
            folder=work,
            url=f"http://127.0.0.1:{port}",
            health=f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=yellow&timeout=5s",
        )

    def _home(self) -> Path:
        return cache.kept(self.name, self._make)

    def _make(self, folder: Path) -> None:
        fetch("opensearch", folder / "lib")
        fetch("opensearch-knn", folder / "packed")
        (archive,) = (folder / "packed").glob("*.zip")
        (folder / "knn").mkdir()
        with zipfile.ZipFile(archive) as packed:
            for name in packed.namelist():
                if name.endswith(".jar"):
                    (folder / "knn" / Path(name).name).write_bytes(packed.read(name))
        archive.unlink()


def _allow_snapshots(work: Path) -> None:
    """The runner hands no such setting on, and leaves a configuration that is there as it is."""
    config = work / "nodes" / "node_1" / "config"
    config.mkdir(parents=True)
    (config / "opensearch.yml").write_text(f"path.repo: {work / 'snapshots'}\n")
