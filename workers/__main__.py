"""`python -m workers`: what `lookalike worker` runs."""

from __future__ import annotations

import sys

from lookalike.errors import LookalikeError
from workers.process import run

if __name__ == "__main__":
    try:
        run()
    except KeyboardInterrupt:
        sys.exit(0)
    except LookalikeError as error:
        sys.exit(f"Error: {error.detail}")
