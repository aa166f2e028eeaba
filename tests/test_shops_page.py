"""The list of shops as a person sees it, read as HTML, and what it leads to."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from hub.overview import Overview
from hub.shop_list import ShopCard
from hub.times import on_day
from store.accounts import Principal
from store.commits import Commit, Covered, StageProgress
from store.runs import Run
from tests.authorizing import EVERY_SCOPE, House
from tests.installation import START, MadeGrant, MadeShop, connect_shop

pytestmark = pytest.mark.slow

DAY = 86_400
GRANT = MadeGrant(scopes=EVERY_SCOPE)
#: Elements that have no end tag.
VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def page_of(house: House, address: str = "/") -> str:
    answer = house.signed_in().get(address)
    assert answer.status_code == 200
    return answer.text


def words_of(page: str) -> str:
    body = page.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def progress(house: House, *stages: StageProgress, orders: tuple[int, int] | None = None) -> None:
    """What an import of shop 7000001 has left behind."""
    records = house.stores.records("alice", "7000001")
    token = records.grant("backward", 1)
    covered = (Covered("orders", *orders, int(START)),) if orders else ()
    for stage in stages:
        records.commit("backward", token, Commit(progress=stage))
    records.commit("backward", token, Commit(covered=covered))


def asked(house: House, kind: str = "import", workspace_id: str = "alice") -> Run:
    return house.ledger.enqueue(
        workspace_id, "7000001", "backward", kind, slot="first", parameters={}, trigger="connect"
    )


def card_of(house: House, shop_id: str = "7000001") -> ShopCard:
    overview: Overview = house.overview
    return next(card for card in overview.cards(Principal("alice")) if card.shop.shop_id == shop_id)


def test_a_newcomer_sees_the_sample_account_and_how_to_go_on(house: House) -> None:
    words = words_of(page_of(house))
    assert "Alice&#39;s agency · 0 shops" in words
    assert "Connect your first shop" in words
    assert "For trying out Sample Account US · USD · sample" in words


def test_the_sample_account_offers_nothing_that_it_has_not(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    house.accounts.ensure_sample("Sample Account", "US")
    page = page_of(house)
    for place in ("/backfill?shop={}", "/shops/{}/settings", "/shops/{}/disconnect"):
        assert f'href="{place.format("7000001")}"' in page
        assert place.format("sample") not in page


def test_a_shop_tells_where_it_stands(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    house.accounts.workspace("alice").set_zones(
        "7000001", shop_zone="Europe/London", report_zone="Asia/Tokyo"
    )
    progress(
        house,
        StageProgress("orders", "done", 120, 120, started_at=START - 60, finished_at=START - 300),
        orders=(int(START - 90 * DAY), int(START)),
    )
    words = words_of(page_of(house))
    assert "Alice&#39;s agency · 1 shop " in words
    assert "Test Shop 1 GB · GBP · 7000001 Synced" in words
    assert "Last success 5 minutes ago" in words
    # START is midnight in UTC: 09:00 of the same day in Tokyo.
    assert "Orders from 3 Oct 2025 to 1 Jan 2026" in words
    # The schedule syncs at 02:00 UTC and within twenty minutes.
    assert re.search(r"Next sync 1 Jan 2026, 11:[01]\d Asia/Tokyo", words)


def test_an_import_under_way_tells_how_far_it_is(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    asked(house)
    progress(house, StageProgress("orders", "running", 1200, 5000, started_at=START - 600))
    page = page_of(house)
    assert "Syncing" in words_of(page)
    assert "24 % done, 1,200 of 5,000 items" in words_of(page)
    assert '<progress max="100" value="24"' in page
    assert 'href="/shops/7000001/import"' in page


def test_what_stands_in_the_way_is_told_and_the_remedy_is_the_button(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    house.accounts.deauthorised("7000001")
    page = page_of(house)
    assert "1 shop, 1 needs attention" in words_of(page)
    assert "Lost access" in words_of(page)
    assert "The seller removed this app in TikTok Shop." in words_of(page)
    assert '<a class="btn btn-sm btn-primary" href="/connect/tiktok/start?shop=7000001">' in page


def test_a_permission_that_is_missing_is_named(house: House) -> None:
    scopes = tuple(scope for scope in EVERY_SCOPE if scope != "seller.finance.info")
    connect_shop(house.accounts, "alice", MadeGrant(scopes=scopes), MadeShop())
    words = words_of(page_of(house))
    assert "Missing permissions" in words
    assert "Missing: statements and payments." in words


def test_a_run_that_is_tried_again_says_why(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    asked(house)
    claim = house.ledger.claim("worker-1", ["backward"])
    assert claim is not None
    house.ledger.hand_back(claim, START + 60, "TikTok was not reachable.")
    words = words_of(page_of(house))
    assert "Resolving" in words
    assert "It says: TikTok was not reachable." in words


def test_nothing_of_another_workspace_is_shown(house: House) -> None:
    connect_shop(house.accounts, "bob", GRANT, MadeShop(name="Bob's shop"))
    asked(house, workspace_id="bob")
    page = page_of(house)
    assert "7000001" not in page
    assert "Bob" not in page


def test_names_from_tiktok_are_shown_as_text(house: House) -> None:
    name = "<script>alert(1)</script> \u202eشركة 🛍 \"'"
    connect_shop(house.accounts, "alice", GRANT, MadeShop(name=name))
    page = page_of(house)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \u202eشركة 🛍" in page
    assert "<script>" not in page


def test_shops_are_found_by_what_is_typed_and_what_was_typed_stays(house: House) -> None:
    two = MadeShop("7000002", "Harbour Tea")
    connect_shop(house.accounts, "alice", GRANT, MadeShop(), two)
    house.accounts.workspace("alice").set_client("7000002", "Northwind")
    words = words_of(page_of(house, "/?q=north+TEA"))
    assert "Northwind Harbour Tea" in words
    assert "Test Shop 1" not in words
    page = page_of(house, "/?q=%22%3E%3Cscript%3E")
    assert 'value="&#34;&gt;&lt;script&gt;"' in page
    assert "No shop has" in page


def test_every_link_of_the_page_that_is_ours_leads_somewhere(house: House) -> None:
    grant = connect_shop(house.accounts, "alice", GRANT, MadeShop())
    client, page = house.signed_in(), page_of(house)
    for link in (
        "/connect/tiktok/start?shop=7000001",
        "/connect/invites?shop=7000001",
        f"/connect/shops/{grant}",
        "/shops/7000001/settings",
        "/shops/7000001/disconnect",
        "/shops/add",
    ):
        assert f'href="{link}"' in page
        assert client.get(link).status_code in (200, 303), link


def test_a_shop_whose_region_nobody_knows_asks_for_it_again(house: House) -> None:
    grant = connect_shop(house.accounts, "alice", GRANT, MadeShop())
    house.accounts.workspace("alice").disconnect_shop("7000001")
    with house.accounts.database.writing() as connection:
        connection.exec_driver_sql("UPDATE shops SET authorization_id = NULL")
        connection.exec_driver_sql(f"DELETE FROM listed_shops WHERE authorization_id = '{grant}'")
    client = house.signed_in()
    answer = client.get("/connect/tiktok/start?shop=7000001")
    assert answer.headers["Location"] == "/shops/add?shop=7000001"
    page = client.get(answer.headers["Location"]).text
    assert "Reconnect Test Shop 1" in page
    assert 'href="/connect/tiktok/start?region=SEA&amp;shop=7000001"' in page


def test_the_page_is_well_formed(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    asked(house)
    progress(house, StageProgress("orders", "running", 1, 2))
    client = house.signed_in()
    for address in ("/", "/shops/add", "/shops/7000001/settings", "/shops/7000001/disconnect"):
        assert open_elements(client.get(address).text) == [], address


def open_elements(page: str) -> list[str]:
    """The elements left open, with a note for each end tag that closes the wrong one."""
    left: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in VOID:
                left.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if left[-1:] == [tag]:
                left.pop()
            else:
                left.append(f"misplaced </{tag}>")

    Reader().feed(page)
    return left


# --- the banner -----------------------------------------------------------------------------------


def ending_in(days: float) -> MadeGrant:
    return MadeGrant(scopes=EVERY_SCOPE, refresh_expires_at=START + days * DAY)


def test_from_thirty_days_before_a_consent_ends_every_page_says_so(house: House) -> None:
    connect_shop(house.accounts, "alice", ending_in(30), MadeShop())
    for address in ("/", "/shops/add", "/connect/invites"):
        words = words_of(page_of(house, address))
        assert "Access to Test Shop 1 ends in 30 days , on 31 Jan 2026, 00:00 UTC." in words


def test_before_that_nothing_is_said(house: House) -> None:
    connect_shop(house.accounts, "alice", ending_in(30.01), MadeShop())
    assert "Access to" not in page_of(house)


def test_nothing_is_said_to_another_workspace_or_a_guest(house: House) -> None:
    connect_shop(house.accounts, "bob", ending_in(3), MadeShop())
    guest: FlaskClient = house.app.test_client()
    token = house.invites.create("bob")[1]
    assert "Access to" not in page_of(house)
    assert "Access to" not in guest.get("/connect/invite", query_string={"token": token}).text


# --- settings -------------------------------------------------------------------------------------


def test_settings_are_kept(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    client = house.signed_in()
    answer = send(
        client,
        "/shops/7000001/settings",
        client_="Northwind",
        report_zone="Asia/Tokyo",
        shop_zone="Europe/Paris",
        serves_kept="yes",
        optional="price_detail",
    )
    assert (answer, house.listening) == (303, [("7000001", False)])
    shop = house.accounts.workspace("alice").shop("7000001")
    assert (shop.client, shop.report_zone, shop.shop_zone) == (
        *("Northwind", "Asia/Tokyo"),
        "Europe/Paris",
    )
    assert (shop.serves_kept, shop.listens, shop.optional_data) == (True, False, "price_detail")
    page = client.get("/shops/7000001/settings").text
    assert 'value="Northwind"' in page
    assert "The settings of Test Shop 1 are saved." in page


def test_what_the_installation_does_anyway_is_not_decided_for_the_shop(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    usual = {"shop_zone": "Europe/London", "listens": "yes", "optional": "sku_finance"}
    assert send(house.signed_in(), "/shops/7000001/settings", **usual) == 303
    shop = house.accounts.workspace("alice").shop("7000001")
    assert (shop.optional_data, shop.client, shop.report_zone) == (None, None, None)
    assert house.listening == []


def send(client: FlaskClient, address: str, **form: str) -> int:
    page = client.get(address).text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    data = {name.rstrip("_"): value for name, value in form.items()}
    return client.post(address, data={"form_token": token, **data}).status_code


# --- disconnecting --------------------------------------------------------------------------------


def test_before_disconnecting_it_is_said_what_goes_and_what_mends_data(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    words = words_of(page_of(house, "/shops/7000001/disconnect"))
    assert "Disconnecting and connecting again does not mend them" in words
    assert "Run import" in words
    assert "TikTok&#39;s tokens are forgotten" in words or "TikTok's tokens are forgotten" in words


def test_a_shop_is_disconnected_and_its_data_stays(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    progress(house, orders=(0, int(START)))
    assert send(house.signed_in(), "/shops/7000001/disconnect", keep="yes") == 303
    assert house.shops() == {"7000001": "disconnected"}
    assert house.stores.records("alice", "7000001").coverage("orders") != []
    assert card_of(house).status.word == "Disconnected"


def test_everything_is_deleted_only_with_the_name_of_the_shop(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    progress(house, orders=(0, int(START)))
    client = house.signed_in()
    for name in ("", "Test Shop", "test shop 1"):
        assert send(client, "/shops/7000001/disconnect", keep="no", name=name) == 422
    assert house.shops() == {"7000001": "connected"}
    assert send(client, "/shops/7000001/disconnect", keep="no", name=" Test Shop 1 ") == 303
    assert house.shops() == {}
    assert house.stores.records("alice", "7000001").coverage("orders") == []


# --- several shops at once ------------------------------------------------------------------------

TWO = MadeShop("7000002", "Harbour Tea")


def chosen(client: FlaskClient, go: str, *shop_ids: str) -> str:
    """Where the button leads, or the status."""
    page = client.get("/").text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    form = {"form_token": token, "go": go, "shop": list(shop_ids)}
    answer = client.post("/shops/chosen", data=form)
    return answer.headers.get("Location", str(answer.status_code))


def test_a_button_below_the_list_leads_on_with_the_ticked_shops(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop(), TWO)
    client = house.signed_in()
    both = ("7000001", "7000002")
    for go, place in (
        ("backfill", "/backfill"),
        ("settings", "/shops/settings"),
        ("reconnect", "/shops/reconnect"),
        ("disconnect", "/shops/disconnect"),
    ):
        assert chosen(client, go, *both) == f"{place}?shop=7000001&shop=7000002"
    # The Sample Account, ticked among others, is left alone.
    assert chosen(client, "settings", "sample", "7000002") == "/shops/settings?shop=7000002"
    for go, ids in (("settings", ()), ("settings", ("sample",)), ("away", both)):
        assert chosen(client, go, *ids) == "400"
    assert chosen(client, "settings", "8000008") == "404"


def test_settings_of_several_change_only_what_was_chosen(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop(), TWO)
    scope = house.accounts.workspace("alice")
    scope.set_client("7000001", "Northwind")
    scope.serve_kept_analytics("7000002", True)
    client = house.signed_in()
    address = "/shops/settings?shop=7000001&shop=7000002"
    token = client.get(address).text.partition('name="form_token" value="')[2].partition('"')[0]
    form = {"form_token": token, "shop": ["7000001", "7000002"], "report_zone": "Asia/Tokyo"}
    assert client.post("/shops/settings", data={**form, "listens": "off"}).status_code == 303
    one, two = house.own_shops()
    assert {
        (shop.name, shop.client, shop.report_zone, shop.serves_kept) for shop in (one, two)
    } == {
        ("Test Shop 1", "Northwind", "Asia/Tokyo", False),
        ("Harbour Tea", None, "Asia/Tokyo", True),
    }
    assert sorted(house.listening) == [("7000001", False), ("7000002", False)]
    wrong = client.post(
        "/shops/settings", data={**form, "report_zone": "Mars", "listens": "perhaps"}
    )
    assert wrong.status_code == 422
    assert "Mars is not a time zone." in wrong.text
    assert "Choose one of the three." in wrong.text


def test_one_consent_is_asked_for_each_seller(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop(), TWO)
    other = MadeGrant(open_id="open-2", seller_name="Other Seller", scopes=EVERY_SCOPE)
    connect_shop(house.accounts, "alice", other, MadeShop("7000003", "Kites"))
    page = page_of(house, "/shops/reconnect?shop=7000001&shop=7000002&shop=7000003")
    assert page.count('href="/connect/tiktok/start?shop=') == 2
    assert "Harbour Tea, Test Shop 1" in page or "Test Shop 1, Harbour Tea" in page
    assert "Other Seller" in page


def test_when_the_data_of_a_shop_that_was_left_is_deleted_stands_on_its_card(house: House) -> None:
    """Kept for 30 days from when it was first seen to be left."""
    connect_shop(house.accounts, "alice", GRANT, MadeShop("7000001"))
    house.overview.farewells.due()
    assert "is deleted on" not in words_of(page_of(house))
    house.accounts.workspace("alice").disconnect_shop("7000001")
    house.overview.farewells.due()
    the_day = on_day(START + 30 * DAY, card_of(house).zone)
    told = f"What was imported is deleted on {the_day}, unless the shop is connected again."
    assert told in words_of(page_of(house))


def test_pages_that_end_a_shop_say_for_how_long_its_data_stays(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop("7000001"))
    told = "stays for 30 days and is deleted then, unless the shop is connected again."
    for address in ("/shops/disconnect?shop=7000001", "/about/privacy"):
        assert told in words_of(page_of(house, address)), address
    assert "deleted then, unless" in words_of(page_of(house, "/shops/7000001/disconnect"))


def test_several_are_disconnected_and_their_data_stays(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop(), TWO)
    progress(house, orders=(0, int(START)))
    client = house.signed_in()
    address = "/shops/disconnect?shop=7000001&shop=7000002"
    page = client.get(address).text
    assert "does not mend them" in page
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    form = {"form_token": token, "shop": ["7000001", "7000002"]}
    for _ in range(2):
        assert client.post("/shops/disconnect", data=form).status_code == 303
    assert set(house.shops().values()) == {"disconnected"}
    assert house.stores.records("alice", "7000001").coverage("orders") != []


def test_an_import_that_waits_for_another_try_still_tells_how_far_it_is(house: House) -> None:
    connect_shop(house.accounts, "alice", GRANT, MadeShop())
    asked(house)
    claim = house.ledger.claim("worker-1", ["backward"])
    assert claim is not None
    house.ledger.hand_back(claim, START + 60, "TikTok was not reachable.")
    progress(house, StageProgress("orders", "waiting", 1200, 5000, started_at=START - 600))
    words = words_of(page_of(house))
    assert "Resolving" in words
    assert "24 % done, 1,200 of 5,000 items" in words
