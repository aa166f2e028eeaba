"""A folder that is there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from errors import BadRequest

#: In a target that is there already.
_INSIDE: Final = ".draft"


@contextmanager
def drafted(target: Path, *, last: str) -> Iterator[Path]:
    """A folder that becomes the target when all went well, and else goes: so there is never half of
    it. BadRequest when there is something at the target already.

    The draft is beside the target and takes its name. A target that is there stays, for it may be
    where a disk is mounted: its draft is within it, and what the draft holds is moved up at the
    end, the file `last` as the last. Where that one is missing, a machine that stopped in between
    left the others.
    """
    target = target.resolve()
    if not target.exists():
        draft = target.with_name(f".{target.name}.draft")
    elif target.is_dir() and not {path.name for path in target.iterdir()} - {_INSIDE}:
        draft = target / _INSIDE
    else:
        raise BadRequest(f"{target} is not empty. Name a folder that does not exist yet.")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    try:
        yield draft
        if draft.parent == target:
            for path in sorted(draft.iterdir(), key=lambda path: (path.name == last, path.name)):
                path.replace(target / path.name)
        else:
            draft.replace(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
