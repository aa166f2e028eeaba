"""The real clients on top of the emulator."""

from __future__ import annotations

from typing import Any

import gspread
from googleapiclient.discovery import build

from .adapters import EmulatorHttp, session
from .server import Emulator


def gspread_client(emulator: Emulator, token: str | None = None) -> Any:
    """A gspread client; `token`: of whom it calls."""
    return gspread.Client(auth=None, session=session(emulator, token))  # type: ignore[arg-type]


def google_service(emulator: Emulator, api: str, token: str | None = None) -> Any:
    """google-api-python-client's service; `api`: "sheets" or "drive"."""
    version = {"sheets": "v4", "drive": "v3"}[api]
    http = EmulatorHttp(emulator, token)
    return build(api, version, http=http, static_discovery=True, cache_discovery=False)
