"""Fetching an export from the Hugging Face hub: one commit of it, each file checked, going on where
a broken download stopped.

`huggingface_hub` throws a broken download away, so the files' own places are kept here; its client
does the talking, and so `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE` and proxies mean what they mean
everywhere else."""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

import httpx2
from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.hf_api import ModelInfo, RepoSibling
from huggingface_hub.utils._headers import build_hf_headers

from lookalike.embedding import packs
from lookalike.embedding.packing.export import SIDE_FILES
from lookalike.embedding.packing.library import alone
from lookalike.errors import Misconfigured

METADATA_TIMEOUT_S = 20.0
BESIDE_GRAPHS = tuple(f"{name}{end}" for name in (packs.VISION, packs.TEXT) for end in ("_data",))
"""Weights of graphs that are too large for one file."""

ROOM = 2.2
"""How much room a pack takes while it is made, in downloads: the export and what is made of it."""


class Bar(Protocol):
    """Shows how far one file is."""

    def update(self, n: float) -> object:
        """`n` more bytes are here."""


Bars = Callable[[str, int, int], AbstractContextManager[Bar]]
"""Makes the bar of a file, of so many bytes, of which so many are here already."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An export on this machine. `source`: where it is from. `licence`: what the hub says, if
    anything."""

    folder: Path
    source: str
    commit: str
    licence: str | None


def fetch(
    repo: str,
    revision: str | None,
    into: Path,
    bars: Bars,
    sums: Mapping[str, str] | None = None,
) -> Fetched:
    """The files of an export that a pack is made of, in a folder of that commit below `into`.

    `sums`: sha256 known beforehand, of some files. Raises `Misconfigured` in a sentence that says
    what to do; what was downloaded stays, for the next call.
    """
    # It would tell every request, and the redirects hold signatures.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    with _in_sentences(repo, revision), alone(into):
        info = HfApi().model_info(
            repo, revision=revision, files_metadata=True, timeout=METADATA_TIMEOUT_S
        )
        files, commit = _wanted(repo, info), _commit(repo, info)
        folder = into / commit
        _check_room(folder, files)
        for file in files:
            _fetch_file(_Place(repo, commit, folder), file, bars, (sums or {}).get(file.rfilename))
    licence = info.card_data and (info.card_data.license_name or info.card_data.license)
    source = f"{HfApi().endpoint}/{repo}"
    return Fetched(folder, source, commit, str(licence) if licence else None)


@dataclass(frozen=True, slots=True)
class _Place:
    """From which commit, to which folder."""

    repo: str
    commit: str
    folder: Path


def _wanted(repo: str, info: ModelInfo) -> list[RepoSibling]:
    there = {each.rfilename: each for each in info.siblings or ()}
    if missing := [name for name in packs.FILES if name not in there]:
        raise Misconfigured(
            f"{repo} has no {missing[0]}, so it is no export in the layout of transformers.js. "
            "Look for one at onnx-community or Xenova."
        )
    names = (*SIDE_FILES, *packs.FILES, *BESIDE_GRAPHS)
    return [there[name] for name in names if name in there]


def _commit(repo: str, info: ModelInfo) -> str:
    """The commit, which names a folder here: a mirror may say anything."""
    if not info.sha or not re.fullmatch("[0-9a-f]{40}", info.sha):
        raise Misconfigured(f"The hub names no commit of {repo}. Is HF_ENDPOINT a hub?")
    return info.sha


def _check_room(folder: Path, files: Sequence[RepoSibling]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    here = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    needed = ROOM * sum(file.size or 0 for file in files) - here
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise Misconfigured(
            f"There is no room for this pack: {needed / 1e9:.1f} GB are needed in {folder}, and "
            f"{free / 1e9:.1f} GB are free. Make room, or set LOOKALIKE_DATA_DIR to a larger disk."
        )


def _fetch_file(place: _Place, file: RepoSibling, bars: Bars, known: str | None) -> None:
    target = place.folder / file.rfilename
    if target.is_file() and _is_right(target, file, known):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    size = file.size or 0
    if part.exists() and part.stat().st_size > size:
        part.unlink()
    with part.open("ab") as growing:
        here = growing.tell()
        http_get(
            hf_hub_url(
                place.repo, file.rfilename, revision=place.commit, endpoint=HfApi().endpoint
            ),
            growing,
            resume_size=here,
            # Compressed, a file could not be gone on with.
            headers=build_hf_headers(headers={"Accept-Encoding": "identity"}),
            expected_size=size,
            displayed_filename=file.rfilename,
            tqdm_class=cast(Any, partial(_bar, bars)),
        )
    if not _is_right(part, file, known):
        part.unlink()
        raise Misconfigured(
            f"{file.rfilename} of {place.repo} came with another checksum than it should have: "
            "broken on the way, or changed. Pull again; if it happens again, do not use it."
        )
    part.replace(target)


def _bar(bars: Bars, **asked: Any) -> AbstractContextManager[Bar]:
    """A bar of ours for a client that asks for one of tqdm's."""
    return bars(asked["desc"], int(asked["total"] or 0), int(asked["initial"]))


def _is_right(path: Path, file: RepoSibling, known: str | None) -> bool:
    """By sha256 for large files; the hub keeps small ones in git, and names them as git does."""
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
        if known is not None and found != known:
            return False
        if file.lfs is not None:
            return found == file.lfs.sha256
        opened.seek(0)
        content = opened.read()
    # Not a matter of trust: git's own names are sha1.
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return file.blob_id is None or blob.hexdigest() == file.blob_id


@contextmanager
def _in_sentences(repo: str, revision: str | None) -> Iterator[None]:
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise Misconfigured(
            "HF_HUB_OFFLINE is set, so nothing can be pulled. Unset it, or copy an export to this "
            "machine and use `lookalike models add DIR`."
        ) from error
    except GatedRepoError as error:
        raise Misconfigured(
            f"{repo} asks for consent first. Accept its terms on the hub, then set HF_TOKEN."
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise Misconfigured(
            f"There is no model {repo} on the hub, or it is private. `lookalike models list` shows "
            "the known names; HF_TOKEN opens private ones."
        ) from error
    except RevisionNotFoundError as error:
        raise Misconfigured(f"{repo} has no revision {revision}. Name a commit of it.") from error
    except EntryNotFoundError as error:
        raise Misconfigured(f"A file of {repo} is gone from the hub. Pull again.") from error
    except (HfHubHTTPError, httpx2.HTTPError) as error:
        raise Misconfigured(
            f"The hub at {HfApi().endpoint} does not give {repo} ({_first_line(error)}). Try "
            "again: what is here already is kept. HF_ENDPOINT names a mirror."
        ) from error
    except OSError as error:
        raise Misconfigured(
            f"{repo} cannot be stored ({error.strerror or _first_line(error)}). Make room, or give "
            "LOOKALIKE_DATA_DIR a folder that this user may write; then pull again."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
