"""The exports on the Hugging Face hub that have a name here, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lookalike.embedding import packs


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownExport:
    """An export on the hub. `revision`: the commit to take, None where none is known here, so that
    the newest is taken and its commit recorded. `sha256`: of the files whose sums are known here,
    whatever the hub says of them. `clean`: the model was trained on texts without punctuation, and
    its tokenizer.json alone does not say so. `about`: for whom it is, in a few words."""

    repo: str
    dimensions: int
    context: int
    licence: str
    about: str
    revision: str | None = None
    clean: bool = False
    sha256: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


KNOWN: Mapping[str, KnownExport] = MappingProxyType(
    {
        "clip-vit-b-32": KnownExport(
            repo="Xenova/clip-vit-base-patch32",
            revision="d15189d7028b43f1d3e65039190477f6af591c2a",
            dimensions=512,
            context=77,
            licence="MIT (OpenAI's CLIP; the export itself names none)",
            about="OpenAI's CLIP: general, English, the fastest",
            sha256={
                packs.VISION: "fd6e1402a588279d1723c7534d4bcba5bc0b14b47dfab0e46f8c47b8270d7d40",
                packs.TEXT: "3f6571f5bad13a97c469c1622e1cfc4d9aef78b79fdbfcff804ca357bfada8cc",
                packs.TOKENIZER: "f7f3b7af117d467b58374797691a6438d3e6b9e9cef800dfd5dced7f697a90cd",
            },
        ),
        "siglip2-base": KnownExport(
            repo="onnx-community/siglip2-base-patch16-224-ONNX",
            revision="ba1f3b0843f24bc5417d38e19c37b287d719b2f4",
            dimensions=768,
            context=64,
            licence="Apache-2.0 (Google's SigLIP 2; the export itself names none)",
            about="Google's SigLIP 2: general, many languages; for shops that are not English",
            sha256={
                packs.VISION: "c0573e3f4140c3a7c4e9cc5912bd6b26a033b46a6a8e8af26cbea262b163bcad",
                packs.TEXT: "baf12d941beabafafb14f7b4adb38dc15be18681b964a84410ec53d9d65e6293",
                packs.TOKENIZER: "cb9140fae3ac5122c972d37adf83e1248471a38147ad76f8215c8872c6fd8322",
            },
        ),
        "fashion-clip": KnownExport(
            repo="Marqo/marqo-fashionCLIP",
            dimensions=512,
            context=77,
            licence="Apache-2.0",
            about="Marqo's fashionCLIP: clothing, English",
        ),
        "fashion-siglip": KnownExport(
            repo="Marqo/marqo-fashionSigLIP",
            revision="c56244cc94f92419e8369fa71efdaf403b124ce8",
            dimensions=768,
            context=64,
            clean=True,
            licence="Apache-2.0",
            about="Marqo's fashionSigLIP: clothing, English, finer and slower than fashion-clip",
            sha256={
                packs.VISION: "a7e773846b27a699c45ba7e3978514b7fca420662d7e69e3b9226982f09f4a13",
            },
        ),
    }
)
