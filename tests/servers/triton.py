"""A real Triton server, out of the wheel of NVIDIA's PyTriton, which brings it with one backend:
Python. `triton_model.py` runs the graphs in it; everything else is as `lookalike models triton`
writes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import Pack, builtin_pack_folder, load_pack
from lookalike.embedding.repository import Kind, write_repository
from tests.servers import cache
from tests.servers.needs import NotHere
from tests.servers.running import Command, free_port

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "triton-requirements.txt"
MODEL = HERE / "triton_model.py"

_PYTHONS = range(8, 14)
"""The minor versions of Python 3 for which the wheel has a stub."""


def _builtin() -> Pack:
    return load_pack(builtin_pack_folder())


@dataclass(frozen=True, slots=True)
class Triton:
    """Triton 2.51 that serves a pack. `port` is that of gRPC; 0 takes any free one. `model`: what
    runs in it."""

    name: str = "triton-2.51"
    pack: Pack = field(default_factory=_builtin)
    port: int = 0
    model: Path = MODEL

    def fetch(self) -> None:
        """Makes sure that it is in the cache."""
        self._home()

    def command(self, work: Path) -> Command:
        """A server on loopback with the pack's two models."""
        site, libraries = self._site(), sysconfig.get_config_var("LIBDIR")
        http, grpc = free_port(), self.port or free_port()
        write_models(self.pack, work / "models", site, self.model)
        return Command(
            argv=[
                str(site / "pytriton/tritonserver/bin/tritonserver"),
                f"--model-repository={work / 'models'}",
                f"--backend-directory={self._home() / 'backends'}",
                *("--http-address=127.0.0.1", f"--http-port={http}"),
                *("--grpc-address=127.0.0.1", f"--grpc-port={grpc}"),
                "--allow-metrics=false",
                "--exit-timeout-secs=5",
                # The name under which a killed server's shared memory is found.
                f"--backend-config=python,shm-region-prefix-name={shared_memory(grpc)}",
            ],
            environment={
                "LD_LIBRARY_PATH": f"{site / 'nvidia_pytriton.libs'}:{libraries}",
                # Else its Python takes itself for that of an activated environment, and finds there
                # a numpy with which its outputs come back empty.
                "PATH": os.defpath,
                "PYTHONHOME": sys.base_prefix,
            },
            folder=work,
            url=f"grpc://127.0.0.1:{grpc}",
            health=f"http://127.0.0.1:{http}/v2/health/ready",
            # Its Python is the one of this user, whose home others may not read.
            as_nobody=False,
        )

    def _home(self) -> Path:
        if sys.version_info.minor not in _PYTHONS or os.uname().machine != "x86_64":
            raise NotHere("The wheel nvidia-pytriton is for x86-64 and Python 3.8 to 3.13.")
        # Both its Python and its packages stand in the folder by their full paths.
        return cache.kept(f"{self.name}-{sysconfig.get_python_version()}", self._make)

    def _site(self) -> Path:
        return self._home() / "site"

    def _make(self, folder: Path) -> None:
        """Its packages, and its backends with the stub for this Python beside the library."""
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        target = ["--no-deps", f"--target={folder / 'site'}", f"--requirement={REQUIREMENTS}"]
        done = subprocess.run([*pip, *target], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotHere(f"pip could not fetch Triton: {done.stderr.strip()[-1000:]}")
        server = folder / "site/pytriton/tritonserver"
        shutil.copytree(server / "backends", folder / "backends")
        stub = server / "python_backend_stubs" / sysconfig.get_python_version()
        shutil.copy(stub / "triton_python_backend_stub", folder / "backends/python")
        (folder / "backends/python/triton_python_backend_stub").chmod(0o755)


def write_models(pack: Pack, folder: Path, site: Path, runs: Path) -> None:
    """The repository as our own command writes it, with the backend that this server has."""
    # The backend heeds no PYTHONPATH.
    model = f"import sys\n\nsys.path.insert(0, {str(site)!r})\n{runs.read_text()}"
    write_repository(pack, folder, Kind.CPU, OnnxEmbedder(pack, threads=1))
    for config in folder.glob("*/config.pbtxt"):
        text = config.read_text()
        assert 'backend: "onnxruntime"' in text
        config.write_text(text.replace('backend: "onnxruntime"', 'backend: "python"'))
        (version,) = config.parent.glob("[0-9]*")
        (version / "model.py").write_text(model)


def shared_memory(port: int) -> str:
    """What the server at this gRPC port names its regions of shared memory after."""
    return f"lookalike-triton-{port}-"
