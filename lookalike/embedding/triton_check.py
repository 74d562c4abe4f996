"""Whether a Triton server serves a pack: names, kinds, lengths, and the pack itself."""

from __future__ import annotations

from typing import Any

from tritonclient.grpc import model_config_pb2

from lookalike.embedding.packs import Pack
from lookalike.embedding.repository import DIGEST
from lookalike.embedding.towers import Tensor, Tower, version
from lookalike.embedding.triton_wire import Haste, NoSuchModel, Wire
from lookalike.errors import Misconfigured

_REPAIR = (
    "Give the server the repository that `lookalike models triton` writes for this pack, or "
    "correct LOOKALIKE_TRITON_URL."
)

_NOT_LOADED = (
    "If its log tells that it could not load it, as with a TensorRT engine that was built on "
    "another GPU, run build_engines.py where it serves."
)


def rows_at_once(wire: Wire, pack: Pack, tower: Tower, haste: Haste) -> int:
    """The largest batch that the server takes for this tower.

    Raises `ModelAway`, and `Misconfigured` where it serves something else than the pack.
    """
    config = _config(wire, tower, haste)
    if different := mismatch(config, pack, tower):
        raise Misconfigured(f"At {wire.address} the model {tower.name} {different}. {_REPAIR}")
    number = str(version(pack))
    if not wire.is_ready(tower.name, number, haste):
        raise Misconfigured(
            f"At {wire.address} the version {number} of the model {tower.name}, which the pack "
            f"{pack.name} has there, is not ready. {_REPAIR} {_NOT_LOADED}"
        )
    return int(config.max_batch_size)


def _config(wire: Wire, tower: Tower, haste: Haste) -> Any:
    try:
        return wire.config(tower.name, haste)
    except NoSuchModel as error:
        raise Misconfigured(
            f"{wire.address} serves no model {tower.name}. {_REPAIR} {_NOT_LOADED}"
        ) from error


def mismatch(config: Any, pack: Pack, tower: Tower) -> str | None:
    """How a server's `ModelConfig` differs from the pack; None: not at all."""
    for verb, found, wanted in (
        ("takes", config.input, tower.takes),
        ("gives", config.output, tower.gives),
    ):
        if all(_words(each) != _wanted(wanted) for each in found):
            have = " and ".join(map(_words, found)) or "nothing"
            return f"{verb} {have}, where the pack {pack.name} has {_wanted(wanted)}"
    if len(config.input) > 1:
        return f"takes more than {_wanted(tower.takes)}, which is all that a pack gives"
    if config.max_batch_size < 1:
        return "takes no batches (max_batch_size is 0)"
    digest = config.parameters[DIGEST].string_value if DIGEST in config.parameters else "none"
    if digest != pack.digest:
        return (
            f"is of another pack (its {DIGEST} is {digest[:12]}, that of the pack {pack.name} is "
            f"{pack.digest[:12]})"
        )
    return None


def _words(found: Any) -> str:
    kind = model_config_pb2.DataType.Name(found.data_type).removeprefix("TYPE_")
    return f"{found.name} {kind} [{', '.join(map(str, found.dims))}]"


def _wanted(tensor: Tensor) -> str:
    return f"{tensor.name} {WIRE_KINDS[tensor.kind]} [{', '.join(map(str, tensor.shape))}]"


WIRE_KINDS = {"uint8": "UINT8", "int64": "INT64", "float32": "FP32"}
"""Triton's words for numpy's."""
