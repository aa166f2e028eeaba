"""The pages anybody may read: about, privacy, terms, support, the logo; and links to Looker."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from hub.looker_links import Looker
from tests.answering import Answering, answering
from web.entries import Entry, entry_of

PAGES = ("/about", "/about/privacy", "/about/terms", "/about/support")
MANIFEST = Path(__file__).parent.parent / "looker_studio" / "appsscript.json"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    made = answering(
        tmp_path_factory.mktemp("about"),
        operator="Cups & Hats Ltd",
        support_email="support@cups.example",
        looker_connector_id="AKfy-1",
    )
    yield made
    made.here.close()


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_read_without_signing_in(app: Answering, address: str) -> None:
    answer = app.client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "Cups &amp; Hats Ltd" in answer.text or "support@cups.example" in answer.text
    assert answer.text.count("<h1") == 1
    assert all(f'href="{page}"' in answer.text for page in PAGES)


def test_every_address_of_the_manifest_is_one_of_them(app: Answering) -> None:
    studio: dict[str, Any] = json.loads(MANIFEST.read_text())["dataStudio"]
    addresses = {urlsplit(text).path for name, text in studio.items() if name.endswith("Url")}
    assert addresses == {*PAGES, "/about/logo.png"}
    for address in addresses:
        assert app.client.get(address).status_code == 200
        assert entry_of(address) is Entry.OPEN


def test_the_privacy_page_says_what_is_kept_what_is_not_and_how_it_is_deleted(
    app: Answering,
) -> None:
    text = app.client.get("/about/privacy").text
    for fact in ("country, state and city", "phone numbers", "encrypted", "have it deleted"):
        assert fact in text
    assert 'href="mailto:support@cups.example"' in text


def test_the_help_of_the_key_is_where_the_connector_leads(app: Answering) -> None:
    page = app.client.get("/about/support").text
    assert 'id="key"' in page
    told = page.partition('id="key"')[2].partition("<h2")[0]
    assert 'href="/looker"' in told
    assert "shown once" in told


def test_what_is_said_of_the_sample_account_is_what_is_imported(app: Answering) -> None:
    text = app.client.get("/about").text
    assert "two years" not in text
    assert "a made-up shop, whose last 90 days are imported" in text


def test_the_logo_is_a_small_square_png_that_may_be_kept(app: Answering) -> None:
    answer = app.client.get("/about/logo.png")
    assert answer.mimetype == "image/png"
    assert answer.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", answer.data[16:24]) == (128, 128)
    assert len(answer.data) < 10_000
    assert answer.headers["Cache-Control"] == "public, max-age=86400"


def test_nothing_else_below_about_is_open_by_mistake(app: Answering) -> None:
    answer = app.client.get("/about/settings")
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text


def test_without_settings_the_pages_say_it_in_general_words(tmp_path: Path) -> None:
    plain = answering(tmp_path)
    assert "Add the data source in Looker Studio" not in plain.client.get("/about").text
    assert "mailto:" not in plain.client.get("/about/support").text
    assert "whoever gave you" in plain.client.get("/about/privacy").text
    plain.here.close()


def test_the_about_page_leads_to_the_data_source(app: Answering) -> None:
    link = "https://lookerstudio.google.com/datasources/create?connectorId=AKfy-1"
    assert f'href="{link}"' in app.client.get("/about").text


# -- links ---------------------------------------------------------------------------------------


def parameters(link: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(link).query, strict_parsing=True))


def test_a_report_is_made_from_the_template_with_the_shop_filled_in() -> None:
    looker = Looker("datastudio.google.com", "AKfy-1", "tpl-9")
    link = looker.report("Alice & Bob", {"workspace": "w1", "shops": "111,222"}, "Café ☕")
    assert link.startswith("https://datastudio.google.com/reporting/create?c.reportId=tpl-9&")
    assert parameters(link) == {
        "c.reportId": "tpl-9",
        "c.mode": "edit",
        "r.reportName": "TikTok Shop – Café ☕",
        "ds0.connector": "community",
        "ds0.connectorId": "AKfy-1",
        "ds0.datasourceName": "TikTok Shop – Alice & Bob",
        "ds0.refreshFields": "false",
        "ds0.workspace": "w1",
        "ds0.shops": "111,222",
    }
    assert "+" not in link


def test_without_a_template_the_report_is_empty_and_named_after_the_workspace() -> None:
    link = Looker("lookerstudio.google.com", "AKfy-1").report("Alice", {"shops": "sample"})
    assert "c.reportId" not in parameters(link)
    assert parameters(link)["r.reportName"] == "TikTok Shop – Alice"
