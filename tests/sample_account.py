"""The Sample Account of a small installation: a few days of a made-up shop, imported whole through
the simulator in this process, and the installation's address on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from requests import PreparedRequest, Response
from werkzeug.serving import make_server

from app import create_app
from clock import SystemClock
from installation import Installation
from sample_shop.adapter import SampleShopAdapter
from sample_shop.arrivals import DAY
from sample_shop.regions import REGIONS
from sample_shop.shop import Shop
from sample_shop.world import ShopClock, World
from settings import Settings

#: 12 September 2026, 13:46:40 UTC; the shop's history begins so many days before.
NOW = 1_789_220_800
DAYS = 45


class StandingClock(SystemClock):
    """Always the same moment."""

    def now(self) -> float:
        return float(NOW)


@dataclass(frozen=True)
class SampleAccount:
    """`world`: what TikTok has of it; `key`: an API key of the workspace `default`;
    `paths`: those of all calls so far."""

    app: Flask
    here: Installation
    world: World
    key: str
    paths: Sequence[str]


def small_world() -> World:
    """300 orders of 12 products over DAYS days; nothing changes after NOW."""
    start = (NOW - DAYS * DAY) // DAY * DAY
    shop = Shop("sample", "Sample Account", REGIONS[0], 0, 7, start, 12)
    shop.arrivals.exactly(300, NOW)
    return World([shop], ShopClock(lambda: NOW, NOW), "sample-open-id", "Sample Account")


@contextmanager
def sample_account(folder: Path, **settings: object) -> Iterator[SampleAccount]:
    """With the Sample Account imported."""
    world = small_world()
    paths: list[str] = []

    class Noting(SampleShopAdapter):
        def send(self, request: PreparedRequest, *args: Any, **more: Any) -> Response:
            paths.append(request.path_url.partition("?")[0])
            return super().send(request, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("installation.SampleShopAdapter", lambda: Noting(world, wall=lambda: NOW))
        chosen = Settings.model_validate({"data_dir": folder, "log_level": "error", **settings})
        app = create_app(chosen, StandingClock())
        here: Installation = app.extensions["installation"]
        here.prepare()
        here.worker("importer").run_until_idle()
    _, key = here.accounts.workspace("default").create_key("test")
    try:
        yield SampleAccount(app, here, world, key, paths)
    finally:
        here.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address that the app answers at, without a trailing slash."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
