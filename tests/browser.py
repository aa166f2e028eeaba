"""Real Chromium in front of a whole installation, and what is asked of every page it opens: no
error in the console, no request to another host, no serious finding of axe-core.

Photographs are kept under `build/screens/`: desktop and phone, light and dark.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
    sync_playwright,
)
from pydantic import SecretStr
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from installation import Installation
from sample_shop.adapter import SampleShopAdapter
from sample_shop.faults import FaultScript
from sample_shop.gateway import Gateway
from sample_shop.server import Server, Simulator
from sample_shop.tokens import TokenOffice
from sample_shop.world import World, seeded_world
from settings import Settings
from store.throttle import StoreThrottle
from tests.living import MovedClock
from tests.sample_account import NOW, small_world
from tests.test_up import free_port

ROOT: Final = Path(__file__).resolve().parent.parent
CHROMIUM: Final = Path("/usr/bin/chromium")
AXE_FOLDER: Final = Path(__file__).parent / "browser"
AXE: Final = AXE_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
SCREENS: Final = ROOT / "build" / "screens"

_ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
#: Width and height in CSS pixels.
DESKTOP: Final = {"width": 1280, "height": 800}
PHONE: Final = {"width": 390, "height": 844}
PATIENCE_MS: Final = 20_000
#: Calls a second; nobody waits for a simulated TikTok's quota.
FAST: Final = 10_000.0
_SERIOUS: Final = ("serious", "critical")


@dataclass(frozen=True)
class Site:
    """An installation that answers at `url`, and the TikTok it reads: `world` has its shops."""

    url: str
    app: Flask
    here: Installation
    world: World

    def sign_in_link(self) -> str:
        return f"{self.url}/sign-in?token={self.here.sessions.new_link_token('default')}"

    @contextmanager
    def worker(self) -> Iterator[None]:
        """A worker for all lanes, in a thread."""
        at_work = self.here.worker("worker")
        thread = threading.Thread(target=at_work.run_until_stopped)
        thread.start()
        try:
            yield
        finally:
            at_work._stopping.set()  # and not its clock, which is everybody's
            thread.join(30)


@contextmanager
def site(folder: Path, *, shops: int = 2, orders: int = 60, days: int = 30) -> Iterator[Site]:
    """With the Sample Account imported and no shop connected; the time is NOW and runs on."""
    clock, port = MovedClock(), free_port()
    url = f"http://127.0.0.1:{port}"
    world = seeded_world(7, orders, days, shops=shops, now=NOW, products=12, wall=clock.now)
    with (
        simulated_tiktok(world, clock, f"{url}/connect/tiktok/callback") as tiktok,
        pytest.MonkeyPatch.context() as patch,
    ):
        own = small_world()
        shop = functools.partial(SampleShopAdapter, own, wall=clock.now)
        patch.setattr("installation.SampleShopAdapter", shop)
        unbounded = functools.partial(StoreThrottle, first_rate=FAST, highest_rate=FAST)
        patch.setattr("installation.StoreThrottle", unbounded)
        app = create_app(
            Settings(
                data_dir=folder,
                port=port,
                tiktok_app_key="sample-key",
                tiktok_app_secret=SecretStr("sample-secret"),
                tiktok_service_id="service-1",
                tiktok_api_base=tiktok,
                tiktok_auth_base=tiktok,
                tiktok_consent_base=tiktok,
                log_level="error",
            ),
            clock,
        )
        here: Installation = app.extensions["installation"]
        here.prepare()
        here.worker("importer").run_until_idle()
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Site(url, app, here, world)
        finally:
            server.shutdown()
            thread.join(10)
            server.server_close()
            here.close()


class Quiet(WSGIRequestHandler):
    """Says nothing of every request."""

    def log_request(self, *_: Any) -> None:
        pass


@contextmanager
def simulated_tiktok(world: World, clock: MovedClock, redirect: str) -> Iterator[str]:
    """The address of the simulator, which sends sellers back to `redirect`."""
    server = Server(("127.0.0.1", 0))
    office = TokenOffice("TTP_", world.open_id, clock.now, rotates=True)
    gateway = Gateway(world, office, server.url, clock.now)
    server.simulator = Simulator(gateway, FaultScript([]), redirect, wall=clock.now)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join(10)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Skips the test where there is no Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"There is no Chromium at {CHROMIUM}; 'apt-get install chromium' brings it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(_ARGUMENTS), headless=True
        )
        try:
            yield browser
        finally:
            browser.close()


def axe_source() -> str:
    """axe-core, installed from its lock where it is missing."""
    if not AXE.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("There is no npm, which installs axe-core; Node 20 brings it.")
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=AXE_FOLDER, check=True, timeout=120)
    return AXE.read_text(encoding="utf-8")


@dataclass
class Visitor:
    """Somebody's browser: cookies of their own, one page. `problems` fills with what no page may
    do."""

    context: BrowserContext
    page: Page
    site: Site
    problems: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page of the installation; its status must be below 500."""
        answer = self.page.goto(f"{self.site.url}{path}")
        assert answer is not None
        assert answer.status < 500, (path, answer.status)

    def serious_findings(self, options: str = "") -> list[str]:
        """What axe-core finds wrong on the page as it is now, as `rule: element`; `options` are
        those of `axe.run`."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(axe_source())
        found = self.page.evaluate(f"async () => (await axe.run({options})).violations")
        return [
            f"{one['id']}: {node['html'][:160]}"
            for one in found
            if one["impact"] in _SERIOUS
            for node in one["nodes"]
        ]

    def look(self, name: str, *, dark: bool = True) -> None:
        """Check the page as it is and photograph it, on a desktop and a phone, in light and dark;
        both are checked, for they have colours of their own."""
        assert self.serious_findings() == [], name
        self._photograph(f"{name}-desktop-light", DESKTOP, "light")
        self._photograph(f"{name}-phone-light", PHONE, "light")
        assert self.page.evaluate(_TOO_WIDE) == [], f"{name} is wider than a phone"
        if dark:
            self._photograph(f"{name}-phone-dark", PHONE, "dark")
            self._photograph(f"{name}-desktop-dark", DESKTOP, "dark")
            assert self.serious_findings("{runOnly: ['color-contrast']}") == [], f"{name} in dark"
        self.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        self.page.emulate_media(color_scheme="light")
        assert self.problems == []

    def _photograph(self, name: str, size: Any, scheme: Any) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.set_viewport_size(size)
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.page.screenshot(path=SCREENS / f"{name}.png", full_page=True)


#: Elements that reach beyond the right edge of the window and cannot be scrolled to by themselves.
_TOO_WIDE: Final = """() => {
  const edge = document.documentElement.clientWidth + 1;
  if (document.documentElement.scrollWidth <= edge) return [];
  return [...document.querySelectorAll("main *")]
    .filter((one) => one.getBoundingClientRect().right > edge)
    .slice(0, 3).map((one) => one.outerHTML.slice(0, 120));
}"""


@contextmanager
def visitor(browser: Browser, site: Site) -> Iterator[Visitor]:
    """A browser that knows nobody yet. What goes wrong on any page is in `problems`."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    made = Visitor(context, page, site)

    def only_here(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            made.problems.append(f"a request to {route.request.url}")
            route.abort()

    def note_console(message: ConsoleMessage) -> None:
        # A page that answers with 404 on purpose is noted there too.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            made.problems.append(f"console: {message.text}")

    context.route("**/*", only_here)
    page.on("console", note_console)
    page.on("pageerror", lambda error: made.problems.append(f"script: {error}"))
    try:
        yield made
    finally:
        context.close()


def sign_in(somebody: Visitor) -> None:
    somebody.page.goto(somebody.site.sign_in_link())
    somebody.page.get_by_role("button", name="Sign in").click()
    somebody.page.wait_for_url(f"{somebody.site.url}/")


def connect_shops(site: Site) -> list[str]:
    """Connect and import every shop of the simulated seller, without a browser. Their ids."""
    shops = site.here.connect("default", "sample-code", "US")
    site.here.worker("importer").run_until_idle()
    return [shop.shop_id for shop in shops]
