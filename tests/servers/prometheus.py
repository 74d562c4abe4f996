"""A real Prometheus and its promtool: those of this machine, or out of Debian's package, which is
unpacked without being installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.servers import cache
from tests.servers.needs import NotHere
from tests.servers.running import Command, free_port

OURS = Path(__file__).parents[2] / "observability"


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus with our rules that reads an operators' port each second."""

    port: int = 0
    name: str = "prometheus"

    def fetch(self) -> None:
        """Makes sure that both programs are there. Raises `NotHere`."""
        self.program("prometheus")
        self.program("promtool")

    def program(self, name: str) -> Path:
        """Where `prometheus` or `promtool` is. Raises `NotHere`."""
        if installed := shutil.which(name):
            return Path(installed)
        return cache.kept(self.name, _unpack) / "usr" / "bin" / name

    def command(self, work: Path) -> Command:
        """A server on loopback, with all that it keeps under `work`."""
        shutil.copy(OURS / "alerts.yml", work)
        (work / "prometheus.yml").write_text(self._configuration())
        address = f"127.0.0.1:{free_port()}"
        return Command(
            argv=[
                str(self.program("prometheus")),
                f"--config.file={work / 'prometheus.yml'}",
                f"--storage.tsdb.path={work / 'data'}",
                f"--web.listen-address={address}",
            ],
            environment={},
            folder=work,
            url=f"http://{address}",
            health=f"http://{address}/-/ready",
        )

    def _configuration(self) -> str:
        """Ours, but for where it reads and how often."""
        ours = yaml.safe_load((OURS / "prometheus.yml").read_text())
        ours["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        target = {"targets": [f"127.0.0.1:{self.port}"]}
        ours["scrape_configs"] = [{"job_name": "lookalike-web", "static_configs": [target]}]
        return str(yaml.safe_dump(ours))


def _unpack(folder: Path) -> None:
    """Debian's package, as its own tools get it."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise NotHere("This needs Prometheus: install it, with promtool.")
    with tempfile.TemporaryDirectory() as downloads:
        got = _run(["apt-get", "download", "prometheus"], downloads)
        packages = [str(each) for each in Path(downloads).glob("prometheus_*.deb")]
        if got.returncode or not packages:
            raise NotHere(
                f"apt-get could not fetch Prometheus ({got.stderr.strip()[-500:]}). Run `apt-get "
                "update`, or install it."
            )
        _run(["dpkg", "--extract", packages[0], str(folder)], downloads).check_returncode()


def _run(argv: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
