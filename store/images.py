"""The pictures of one shop: files named by a keyed digest of what is in them, beside its records.

The name tells nothing and cannot be guessed, so that whoever has the address may see the picture:
Looker Studio asks for pictures without any sign-in.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Where pictures are served; behind it follow workspace, shop and name.
ADDRESS: Final = "/images/"

_UNFINISHED: Final = ".part"
_NAME: Final = re.compile(r"[0-9a-f]{32}\.(jpg|png|webp|gif)")


def address_of(workspace_id: str, shop_id: str) -> str:
    """Where the pictures of a shop are served, without the host, with a slash at its end."""
    return f"{ADDRESS}{workspace_id}/{shop_id}/"


class ImageFolder:
    """Made on first use. Keeping the same picture twice is harmless."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, content: bytes) -> None:
        """ValueError for a name that is none of ours."""
        path = self._path(name)
        if path.exists():
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_suffix(f".{secrets.token_hex(4)}{_UNFINISHED}")
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def kept(self) -> list[Path]:
        """The finished pictures, by name. Any of them may be gone a moment later."""
        found = self._folder.glob("*") if self._folder.is_dir() else ()
        return sorted(path for path in found if _NAME.fullmatch(path.name))

    def copy_to(self, target: Path) -> None:
        """Copy the finished pictures, but for those that are deleted meanwhile."""
        for path in self.kept():
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy = target / path.name
            copy.touch(mode=0o600)
            try:
                shutil.copyfile(path, copy)
            except FileNotFoundError:
                copy.unlink()

    def forget_unfinished(self, before: float) -> None:
        """Delete what a process that was killed left half written before then (epoch seconds)."""
        for path in self._folder.glob(f"*{_UNFINISHED}"):
            with suppress(FileNotFoundError):  # another process was quicker
                if path.stat().st_mtime < before:
                    path.unlink()

    def path_of(self, name: str) -> Path | None:
        """Where the picture is; None for an unknown name or one that is none of ours."""
        if not _NAME.fullmatch(name):
            return None
        path = self._folder / name
        return path if path.is_file() else None

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("not the name of a picture")
        return self._folder / name
