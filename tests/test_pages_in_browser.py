"""Every page in a real browser: nothing serious that axe-core finds, no error in the console, no
request to another host, nothing wider than a phone, and few bytes. The photographs are kept under
`build/screens/`, on a desktop and a phone, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import Site, Visitor, chromium, connect_shops, sign_in, site, visitor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

#: Bytes of bodies over the network: a first visit, and every page after it.
FIRST_LOAD, LATER_LOAD = 300_000, 50_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@dataclass(frozen=True)
class Agency:
    """`addresses` by the name of the page."""

    site: Site
    addresses: dict[str, str]


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Agency]:
    """Two shops of a client, imported; one of them must be connected again, and the consent of the
    other one ends soon."""
    with site(tmp_path_factory.mktemp("pages"), orders=40, days=20) as made:
        first, second = connect_shops(made)
        scope = made.here.accounts.workspace("default")
        scope.set_client(first, "Aurora Beauty")
        scope.set_client(second, "Aurora Beauty")
        scope.set_zones(first, shop_zone="America/Los_Angeles", report_zone="Europe/Berlin")
        (grant,) = scope.authorizations()
        scope.create_key("Monthly report of Aurora")
        ana = scope.add_member("Ana of Aurora", "viewer", ["Aurora Beauty"])
        _, token = made.here.invites.create("default")
        (newest, *_) = made.here.ledger.runs("default")
        export = made.here.sheets.exporting.create(
            "default",
            {
                "name": "Daily sales",
                "preset": "daily_sales",
                "shops": "sample",
                "spreadsheet": "1" * 44,
                "schedule": "daily",
            },
        )
        yield Agency(
            made,
            {
                "shops": "/",
                "add": "/shops/add",
                "settings-of-a-shop": f"/shops/{first}/settings",
                "disconnect": f"/shops/{second}/disconnect",
                "settings-of-several": f"/shops/settings?shop={first}&shop={second}",
                "reconnect-several": f"/shops/reconnect?shop={first}&shop={second}",
                "disconnect-several": f"/shops/disconnect?shop={first}&shop={second}",
                "choose-shops": f"/connect/shops/{grant.id}",
                "invites": "/connect/invites",
                "invite": f"/connect/invite?token={token}",
                "import": f"/shops/{first}/import",
                "imports": f"/imports?shop={first}&shop={second}",
                "backfill": f"/backfill?shop={first}&shop={second}",
                "sheets": "/sheets",
                "sheets-new": "/sheets/new?preset=products",
                "sheets-export": f"/sheets/{export.id}",
                "history": "/history",
                "run": f"/history/{newest.id}",
                "dashboard": "/dashboard?shop=sample",
                "numbers": "/numbers?shop=sample",
                "fields": "/fields?q=gmv",
                "field": "/fields/gmv",
                "preview": "/fields/preview?fields=date,gmv,orders&about=sample",
                "keys": "/keys",
                "looker": "/looker",
                "clients": "/clients",
                "members": f"/members?edit={ana}",
                "me": "/members/me",
                "workspace": "/settings",
                "notices": "/settings/notices",
                "usage": "/usage",
                "about": "/about",
            },
        )


@pytest.fixture(scope="module")
def member(agency: Agency, browser: Browser) -> Iterator[Visitor]:
    with visitor(browser, agency.site) as made:
        sign_in(made)
        yield made


PAGES = (
    *("shops", "add", "settings-of-a-shop", "disconnect", "choose-shops", "invites", "invite"),
    *("settings-of-several", "reconnect-several", "disconnect-several"),
    *("import", "imports", "backfill", "history", "run", "dashboard", "numbers"),
    *("sheets", "sheets-new", "sheets-export"),
    *("fields", "field", "preview", "keys", "looker", "clients", "workspace", "notices"),
    *("members", "me", "usage", "about"),
)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_as_it_should(agency: Agency, member: Visitor, name: str) -> None:
    member.go(agency.addresses[name])
    assert member.page.locator("h1").count() == 1
    member.look(name)


def test_every_page_has_a_name_here(agency: Agency) -> None:
    assert set(agency.addresses) == set(PAGES)


def test_problems_look_as_they_should(agency: Agency, member: Visitor) -> None:
    here = agency.site.here
    scope = here.accounts.workspace("default")
    first, second, _ = scope.shops()
    now = here.clock.now()
    with here.accounts.database.writing() as connection:
        connection.exec_driver_sql(
            f"UPDATE authorizations SET refresh_expires_at = {now + 12.5 * 86_400}"
        )
    scope.set_shop_state(second.shop_id, "reauthorise")
    member.go("/")
    expect(member.page.get_by_text("ends in 12 days")).to_be_visible()
    member.page.get_by_label(f"Choose {first.name}").check()
    member.look("shops-with-problems")
    member.go("/shops/add")
    member.page.get_by_role("link", name="Other countries").click()
    member.page.get_by_role("link", name="Refuse").click()
    member.look("not-connected")
    member.go("/nowhere")
    member.look("problem")


def test_who_is_not_signed_in_sees_how_to(agency: Agency, browser: Browser) -> None:
    with visitor(browser, agency.site) as guest:
        guest.go("/sign-in")
        guest.look("sign-in")
        guest.go("/fields?q=gmv")
        guest.look("fields-for-everybody")


def test_the_menu_of_a_phone_and_that_of_a_shop_work_with_the_keyboard(member: Visitor) -> None:
    page = member.page
    page.set_viewport_size({"width": 390, "height": 844})
    member.go("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    menu = page.get_by_role("button", name="Menu")
    expect(page.get_by_role("link", name="Keys")).to_be_hidden()
    menu.press("Enter")
    expect(page.get_by_role("link", name="Keys")).to_be_visible()
    more = page.locator("summary").first
    more.press("Enter")
    expect(page.get_by_role("link", name="Dashboard").last).to_be_visible()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    page.set_viewport_size({"width": 1280, "height": 800})


def test_the_first_visit_takes_300_kilobytes_and_every_later_page_50(agency: Agency) -> None:
    """Counted by what the server sends: a browser under test keeps nothing."""
    client = agency.site.app.test_client()
    token = agency.site.here.sessions.new_link_token("default")
    client.post("/sign-in", data={"token": token})
    known: set[str] = set()
    for number, (name, address) in enumerate(agency.addresses.items()):
        page = client.get(address)
        assert page.status_code == 200, name
        bytes_sent = len(page.data)
        for file in files_of(page.text) - known:
            answer = client.get(file, headers={"Accept-Encoding": "gzip"})
            assert answer.status_code == 200, file
            bytes_sent += len(answer.data)
            if "max-age=31536000" in answer.headers["Cache-Control"]:
                known.add(file)
            answer.close()
        assert bytes_sent <= (FIRST_LOAD if number == 0 else LATER_LOAD), (name, bytes_sent)


def files_of(page: str) -> set[str]:
    """The addresses of style sheets, scripts and pictures that a page loads."""
    found = re.findall(r'<(?:script|img)[^>]* src="([^"]+)"', page)
    found += re.findall(r'<link[^>]* href="([^"]+)"', page)
    return {address.replace("&amp;", "&") for address in found if address.startswith("/")}
