"""A house with the pages about imports, and shops whose imports are as a test says."""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from werkzeug.test import TestResponse

from backfill.allowance import Allowance, Limits
from backfill.asking import Asking
from backfill.schedule import IMPORT, SYNC
from hub.import_pages import import_pages
from notices.sending import Mail, Post
from notices.telling import Telling
from settings import Settings
from store.amounts import Amounts
from store.commits import Commit, Covered, StageProgress
from store.ledger import Claim
from store.notices import Notices
from store.paths import DataFolder
from store.run_history import RunHistory
from tests.authorizing import House
from tests.installation import MadeGrant, MadeShop, connect_shop
from web.cookies import form_token

ONE, TWO = "7000001", "7000002"
BOBS = "8000008"
DAY = 86_400


class ImportHouse(House):
    """Alice has two shops, Bob one. Limits and mail server are what a test gives."""

    def __init__(
        self, folder: Path, *, limits: Limits | None = None, mail: Mail | None = None, **given: Any
    ) -> None:
        super().__init__(folder)
        self.app.jinja_env.bytecode_cache = FileSystemBytecodeCache(_compiled().name)
        self.amounts = Amounts(self.accounts.database, DataFolder(folder), self.clock)
        self.history = RunHistory(self.accounts.database)
        allowance = Allowance(limits or Limits(), self.amounts, self.clock)
        self.asking = Asking(self.accounts, self.ledger, self.stores, allowance, self.clock)
        self.notices = Notices(self.accounts, self.clock)
        self.telling = Telling(
            accounts=self.accounts,
            notices=self.notices,
            clock=self.clock,
            mail=mail,
            post=given.pop("post", Post(("hooks.example.com",))),
            kinds=(IMPORT, SYNC),
            farewells=self.overview.farewells,
            base_url="https://here.example.com",
        )
        settings = Settings(
            smtp_host="127.0.0.1" if mail else "",
            smtp_from="notices@example.com" if mail else "",
            notice_hosts="hooks.example.com,hooks.slack.com",
            **given,
        )
        for page in import_pages(self.asking, self.amounts, self.telling, settings):
            self.app.register_blueprint(page)
        shops = [MadeShop(ONE, "First shop"), MadeShop(TWO, "Second shop", cipher="ROW_cipher_2")]
        connect_shop(self.accounts, "alice", MadeGrant(), *shops)
        connect_shop(
            self.accounts,
            "bob",
            MadeGrant(open_id="open-id-9", seller_name="Test Seller 9"),
            MadeShop(BOBS, "Bob's shop", cipher="ROW_cipher_8"),
        )
        self.alice: FlaskClient = self.signed_in("alice")

    def claimed(self, lane: str = "backward") -> Claim:
        claim = self.ledger.claim("worker-1", [lane])
        assert claim is not None
        return claim

    def reads(self, shop_id: str, *stages: StageProgress, lane: str = "backward") -> None:
        """So far the stages of a shop are."""
        records = self.stores.records("alice", shop_id)
        token = records.grant(lane, 1)
        records.commit(lane, token, *(Commit(progress=stage) for stage in stages))

    def covers(self, shop_id: str, stage: str, start: int, end: int) -> None:
        records = self.stores.records("alice", shop_id)
        stretch = Covered(stage, start, end, int(self.clock.now()))
        records.commit("backward", records.grant("backward", 1), Commit(covered=(stretch,)))

    def post(
        self, path: str, data: dict[str, Any], client: FlaskClient | None = None
    ) -> TestResponse:
        """A form of the page, sent as its own page sends it."""
        client = client or self.alice
        return client.post(path, data={"form_token": token_of(client), **data})


def token_of(client: FlaskClient) -> str:
    """What the forms of this visitor's pages carry."""
    cookie = client.get_cookie("tts_session")
    assert cookie is not None
    return form_token(cookie.value)


@cache
def _compiled() -> tempfile.TemporaryDirectory[str]:
    """Compiling the templates anew for every app would take longer than the tests."""
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def words(page: str) -> str:
    """What a page says, without its tags."""
    text = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)).strip()
