"""`lookalike models triton`: the repository from which a Triton server serves the model."""

from __future__ import annotations

from pathlib import Path

import click

from lookalike.bootstrap import make_repository
from lookalike.commands.speaking import in_sentences, settings_of
from lookalike.embedding.repository import Kind


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--model", help="The pack: a name, or a folder. LOOKALIKE_MODEL_PACK, else mini.")
@click.option(
    "--kind",
    type=click.Choice([each.value for each in Kind]),
    default=Kind.CPU.value,
    show_default=True,
    help="What runs it: ONNX Runtime on the CPU; on a GPU with TensorRT; a TensorRT engine.",
)
@in_sentences
def triton(folder: Path, model: str | None, kind: str) -> None:
    """Write the model repository of a pack into DIR, for tritonserver --model-repository=DIR."""
    pack = make_repository(settings_of(), folder, Kind(kind), model)
    click.echo(f"{folder} serves the pack {pack.name} ({pack.digest[:12]}).")
    if kind == Kind.ENGINE:
        click.echo(f"Its engines are built where it serves: python3 {folder}/build_engines.py")
