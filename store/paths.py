"""Where everything of an installation lies in its data folder. Names only: nothing is opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def checked_id(text: str) -> str:
    """`text` again if it can be a folder's name; ValueError for anything else ('..', '/', '')."""
    if not _ID.fullmatch(text):
        raise ValueError(f"not an id: {text!r}")
    return text


@dataclass(frozen=True)
class DataFolder:
    """DATA_DIR: `accounts.sqlite`, `secret_key` and one folder per workspace and shop."""

    root: Path

    @property
    def accounts_path(self) -> Path:
        return self.root / "accounts.sqlite"

    @property
    def secret_key_path(self) -> Path:
        return self.root / "secret_key"

    @property
    def shops_folder(self) -> Path:
        return self.root / "shops"

    def shop_folder(self, workspace_id: str, shop_id: str) -> Path:
        return self.shops_folder / checked_id(workspace_id) / checked_id(shop_id)

    def records_path(self, workspace_id: str, shop_id: str) -> Path:
        return self.shop_folder(workspace_id, shop_id) / "records.sqlite"

    def columns_folder(self, workspace_id: str, shop_id: str) -> Path:
        return self.shop_folder(workspace_id, shop_id) / "columns"

    def images_folder(self, workspace_id: str, shop_id: str) -> Path:
        return self.shop_folder(workspace_id, shop_id) / "images"
