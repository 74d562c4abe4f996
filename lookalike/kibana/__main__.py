"""`python -m lookalike.kibana FOLDER`: writes the saved objects as files for those who import them
by hand."""

from __future__ import annotations

import sys
from pathlib import Path

from lookalike.index.engine.templates import PREFIX
from lookalike.kibana.objects import ndjson, saved_objects

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, objects in saved_objects(PREFIX).items():
        (folder / f"{name}.ndjson").write_text(ndjson(objects), encoding="utf-8")
