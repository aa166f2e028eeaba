"""A folder that is there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import BadRequest


@contextmanager
def drafted(target: Path) -> Iterator[Path]:
    """A folder beside the target that takes its place when all went well, and else goes: so there
    is never half of it. BadRequest when there is something at the target already."""
    if target.exists() and any(target.iterdir()):
        raise BadRequest(f"{target} is not empty. Name a folder that does not exist yet.")
    draft = target.with_name(f".{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    try:
        yield draft
        if target.exists():
            target.rmdir()
        draft.replace(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
