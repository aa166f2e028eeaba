"""An installation in which everything secret or personal has a telling name: what TikTok sends of
people, its tokens, our own keys and links. Whatever is written down is kept, to be searched."""

from __future__ import annotations

import contextlib
import hmac
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
import requests
from flask.testing import FlaskClient
from pydantic import SecretStr

from app import create_app
from installation import Installation
from sample_shop.adapter import BASE_URL, SampleShopAdapter
from sample_shop.tokens import TokenOffice
from sample_shop.world import World, seeded_world
from settings import Settings
from tests.exporting import ROBOT, service_key
from tests.importing import NOW, Between
from tests.living import MovedClock
from tests.sheets_emulator.adapters import session as session_with
from tests.sheets_emulator.files import Account
from tests.sheets_emulator.server import Emulator
from web.cookies import form_token

#: What the simulator writes into every personal field, and how its tokens begin here.
CANARY = "canary"
SECRET_KEY = "canary-secret-key-0123456789-abcdefghijk"  # pragma: allowlist secret
PREVIOUS_SECRET = "canary-previous-app-secret"  # pragma: allowlist secret
MAIL_PASSWORD = "canary-mail-password"  # pragma: allowlist secret
DAYS = 5


@dataclass
class Canaries:
    """`log`: every line that was logged, at the level `debug`; `said`: every answer over HTTP, as
    (what was asked, headers and body); `secrets`: by name, what must be nowhere else; `sheet`: the
    cells of a spreadsheet that was written, and `sent` what Google was sent for it."""

    folder: Path
    here: Installation
    world: World
    wire: Between
    client: FlaskClient
    log: io.StringIO
    key: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)
    sheet: list[list[Any]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    @property
    def shop_id(self) -> str:
        return self.world.shops[0].id

    def connect(self) -> None:
        self.here.connect("default", "sample-code", "US")

    def work(self) -> None:
        self.here.worker("importer").run_until_idle()
        self.here.rounds().once()

    def sign_in(self) -> None:
        link = self.here.sessions.new_link_token("default")
        assert self.ask("POST", "/sign-in", data={"token": link}).status_code == 303
        cookie = self.client.get_cookie("tts_session")
        assert cookie is not None
        self.secrets |= {"sign-in link": link, "session": cookie.value}

    def make_key(self) -> None:
        _, self.key = self.here.accounts.workspace("default").create_key("test")
        self.secrets["API key"] = self.key

    def ask(self, method: str, path: str, **more: Any) -> Any:
        if path.startswith("/connector/"):
            more.setdefault("headers", {"Authorization": f"Bearer {self.key}"})
        elif method == "POST" and "session" in self.secrets:
            data = more.setdefault("data", {})
            if isinstance(data, dict):
                data.setdefault("form_token", form_token(self.secrets["session"]))
        answer = self.client.open(path, method=method, **more)
        text = answer.get_data().decode(errors="replace")
        self.said.append((f"{method} {path}", f"{answer.headers}\n{text}"))
        answer.close()
        return answer

    def ask_for(self, *fields: str, **more: Any) -> Any:
        body = {
            "configParams": {"shops": self.shop_id},
            "dateRange": {"startDate": "2026-09-07", "endDate": "2026-09-12"},
            "fields": [{"name": name} for name in fields],
            **more,
        }
        return self.ask("POST", "/connector/v1/getData", json=body)

    def push(
        self, topic: str, data: dict[str, Any], kind: int, secret: str = "sample-secret"
    ) -> Any:
        """What TikTok pushes about the shop."""
        body = json.dumps(
            {
                "type": kind,
                "tts_notification_id": f"{topic}-{len(self.said)}",
                "shop_id": self.shop_id,
                "timestamp": int(self.here.clock.now()),
                "data": data,
            }
        ).encode()
        signature = hmac.digest(secret.encode(), b"sample-key" + body, "sha256").hex()
        return self.ask(
            "POST", f"/webhooks/tiktok/{topic}", data=body, headers={"Authorization": signature}
        )

    def write_sheet(self, *fields: str) -> None:
        """An export of these fields into a spreadsheet of a Google of the test's own."""
        emulator = Emulator(self.here.clock.now)
        emulator.visitor = None
        emulator.sign_in("robots", Account(ROBOT))
        book = emulator.create(ROBOT)

        def keep(answer: requests.Response, **_: object) -> None:
            body = answer.request.body or b""
            self.sent.append(body if isinstance(body, str) else body.decode())

        signed = session_with(emulator, "robots")
        signed.hooks["response"].append(keep)
        self.here.sheets.google.session_of = lambda _credentials: signed
        export = self.here.sheets.exporting.create(
            "default",
            {
                "name": "Orders",
                "spreadsheet": book.spreadsheet_id,
                "shops": self.shop_id,
                "fields": ",".join(fields),
                "range": "custom",
                "start": "2026-09-07",
                "end": "2026-09-12",
            },
        )
        self.here.sheets.exporting.refresh(export)
        self.here.worker("exporter", ("export",)).run_until_idle()
        self.sheet = emulator.look(book.spreadsheet_id, "'Orders'!A1:BZ500", render="FORMULA")

    def tokens(self) -> dict[str, str]:
        """TikTok's tokens that are good now, as the simulator was sent them."""
        grants = self.here.accounts.workspace("default")
        with self.here.accounts.database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT id, sealed_access_token, sealed_refresh_token FROM authorizations"
            ).all()
        return {
            f"{kind} token of {row.id}": grants.unseal(sealed, f"{kind} token of {row.id}")
            for row in rows
            for kind, sealed in (
                ("access", row.sealed_access_token),
                ("refresh", row.sealed_refresh_token),
            )
            if sealed
        }

    def addresses(self) -> list[str]:
        """One of each route that answers to GET, its variables filled in for the shop."""
        runs = self.here.ledger.runs("default")
        known = {"shop_id": self.shop_id, "run_id": runs[0].id, "field_id": "gmv"}
        found = []
        for rule in self.client.application.url_map.iter_rules():
            if rule.methods and "GET" in rule.methods and "static" not in rule.endpoint:
                path = re.sub(r"<(?:\w+:)?(\w+)>", lambda one: known.get(one[1], "gmv"), rule.rule)
                found.append(path)
        return sorted(found)

    def files_with(self, *words: str) -> dict[str, list[str]]:
        """By file of the data folder, which of the words are in its bytes, or in its cells."""
        return files_in(self.folder, *words)


def files_in(folder: Path, *words: str) -> dict[str, list[str]]:
    """By file, which of the words are in its bytes, or in its cells."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes().lower()
        if path.suffix == ".parquet":
            content += str(pyarrow.parquet.read_table(path).to_pylist()).lower().encode()
        leaked = [word for word in words if word.lower().encode() in content]
        if leaked:
            found[path.relative_to(folder).as_posix()] = leaked
    return found


@contextmanager
def canaries(folder: Path, orders: int = 60) -> Iterator[Canaries]:
    """With a workspace and nothing connected yet."""
    clock, log = MovedClock(), io.StringIO()
    world = seeded_world(7, orders, DAYS, now=NOW, products=10, wall=clock.now)
    simulator = SampleShopAdapter(world, wall=clock.now)
    simulator.gateway.office = TokenOffice("canary-token-", world.open_id, clock.now, rotates=True)
    wire = Between(simulator)

    def session() -> requests.Session:
        made = requests.Session()
        made.mount(BASE_URL, wire)
        return made

    settings = Settings(
        data_dir=folder,
        secret_key=SecretStr(SECRET_KEY),
        tiktok_app_key="sample-key",
        tiktok_app_secret=SecretStr("sample-secret"),
        tiktok_app_secret_previous=SecretStr(PREVIOUS_SECRET),
        tiktok_service_id="service-1",
        tiktok_api_base=BASE_URL,
        tiktok_auth_base=BASE_URL,
        import_price_detail=True,
        external_orders_daily_calls=1_000,
        sku_finance_daily_calls=1_000,
        smtp_host="127.0.0.1",
        smtp_password=SecretStr(MAIL_PASSWORD),
        google_service_account=SecretStr(service_key()),
        sample_account=False,
        log_level="debug",
        log_format="json",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("installation.new_session", session)
        patch.setattr("store.throttle.StoreThrottle.acquire", lambda *_, **__: None)
        # No worker takes short pulls here, so nobody need wait for one.
        patch.setattr("connector.live.WAIT_SECONDS", 0.0)
        with contextlib.redirect_stderr(log):
            app = create_app(settings, clock)
        here: Installation = app.extensions["installation"]
        here.prepare()
        made = Canaries(folder, here, world, wire, app.test_client(), log)
        made.secrets |= {
            "SECRET_KEY": SECRET_KEY,
            "app secret": "sample-secret",  # pragma: allowlist secret
            "previous app secret": PREVIOUS_SECRET,
            "mail password": MAIL_PASSWORD,
            "service account's key": service_key().split("\\n")[5],
        }
        try:
            yield made
        finally:
            here.close()
            here.accounts.database.close()
