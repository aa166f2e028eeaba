"""The whole way of somebody who has never seen this, in a real browser: from the sign-in link to
two connected shops, a watched import, a backfill of two years, a field, its preview and a key."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser import Site, Visitor, chromium, sign_in, site, visitor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """Nothing is set up where there is no browser."""
    with site(tmp_path_factory.mktemp("newcomer")) as made:
        yield made


def agree_on_tiktok(page: Page) -> None:
    """On the simulator's consent page."""
    expect(page.get_by_role("heading", name="Sample Seller Center")).to_be_visible()
    page.get_by_role("link", name="Authorise").click()


def test_a_newcomer_goes_the_whole_way(here: Site, browser: Browser) -> None:
    with visitor(browser, here) as member, visitor(browser, here) as owner:
        page = member.page
        arrive(member)
        connect_one_shop(member)
        refuse_and_try_again(member)
        link = invite(member)
        accept(owner, link)
        watch_the_import(member)
        backfill_two_years(member)
        find_a_field_and_preview_it(member)
        key = make_a_key(member)
        assert answers(here, key) == 200
        revoke_the_key(member)
        assert answers(here, key) == 401
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.goto(here.url)
        expect(page.get_by_text("You are not signed in")).to_be_visible()
        assert member.problems == owner.problems == []


def arrive(member: Visitor) -> None:
    sign_in(member)
    page = member.page
    expect(page.get_by_role("heading", name="Connect your first shop")).to_be_visible()
    expect(page.get_by_role("heading", name="Sample Account")).to_be_visible()
    expect(page.get_by_text("set PUBLIC_URL to a public https address")).to_be_visible()


def connect_one_shop(member: Visitor) -> None:
    page = member.page
    page.get_by_role("link", name="Add a shop").first.click()
    expect(page.get_by_text("You need no API keys")).to_be_visible()
    page.get_by_role("link", name="United States").click()
    agree_on_tiktok(page)
    expect(page.get_by_role("heading", name="Choose the shops to read")).to_be_visible()
    page.get_by_role("button", name="Read these shops").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one")
    page.get_by_label("Shop 1 US").check()
    page.get_by_role("button", name="Read these shops").click()
    expect(page.get_by_role("status").first).to_contain_text("Shop 1 US: the import has begun.")
    expect(page.get_by_role("heading", name="Shop 2 GB")).to_have_count(0)


def refuse_and_try_again(member: Visitor) -> None:
    page = member.page
    page.get_by_role("link", name="Add a shop").click()
    page.get_by_role("link", name="Other countries").click()
    page.get_by_role("link", name="Refuse").click()
    expect(page.get_by_role("heading", name="Nothing was connected")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Access was not granted")
    expect(page.get_by_role("heading", name="Start again")).to_be_visible()


def invite(member: Visitor) -> str:
    page = member.page
    member.go("/connect/invites")
    page.get_by_label("Good for so many days").fill("99")
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("#days-problem")).to_contain_text("1 to 30 days")
    expect(page.get_by_label("Good for so many days")).to_have_value("99")
    page.get_by_label("Good for so many days").fill("3")
    page.get_by_role("button", name="Make a link").click()
    return page.locator("#link").inner_text()


def accept(owner: Visitor, link: str) -> None:
    """A shop's owner, who has no account here."""
    page = owner.page
    page.goto(link)
    expect(
        page.get_by_role("heading", name="Default asks to read your TikTok shop")
    ).to_be_visible()
    page.get_by_role("link", name="United Kingdom").click()
    agree_on_tiktok(page)
    page.get_by_label("Shop 2 GB").check()
    page.get_by_role("button", name="Read these shops").click()
    expect(page.get_by_text("Thank you. Default reads the chosen shops now")).to_be_visible()
    owner.go("/")
    expect(page.get_by_text("You are not signed in")).to_be_visible()


def watch_the_import(member: Visitor) -> None:
    page = member.page
    member.go("/")
    expect(page.get_by_text("Syncing")).to_have_count(2)
    page.get_by_role("link", name="Shop 2 GB").click()
    expect(page.get_by_role("heading", name="Import of Shop 2 GB")).to_be_visible()
    page.evaluate("window.sameDocument = true")
    with member.site.worker():
        expect(page.get_by_text("100 %").first).to_be_visible(timeout=60_000)
        while member.site.here.ledger.counts()["done"] < 3:
            page.wait_for_timeout(100)
    # It was not loaded again to show that.
    assert page.evaluate("window.sameDocument")
    member.go("/")
    expect(page.get_by_text("Synced")).to_have_count(3)


def backfill_two_years(member: Visitor) -> None:
    page = member.page
    page.get_by_label("Choose Shop 1 US").check()
    page.get_by_label("Choose Shop 2 GB").check()
    expect(page.get_by_text("2 shops chosen:")).to_be_visible()
    page.get_by_role("button", name="Import older data").click()
    expect(page.get_by_label("Shop 1 US")).to_be_checked()
    expect(page.get_by_label("Shop 2 GB")).to_be_checked()
    page.get_by_role("button", name="2 years").click()
    # Two years before 12 September 2026.
    expect(page.locator("#cost").get_by_text("12 Sep 2024, 00:00")).to_be_visible()
    page.get_by_role("button", name="Start importing 2 shops").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Imports")
    runs = member.site.here.ledger.runs("default")
    asked = [run for run in runs if run.kind == "import" and run.trigger == "manual"]
    assert len({run.shop_id for run in asked}) == len(asked) == 2
    now = member.site.here.clock.now()
    assert all(now - run.parameters["start"] > 729 * 86_400 for run in asked)


def find_a_field_and_preview_it(member: Visitor) -> None:
    page = member.page
    page.get_by_role("link", name="Fields").click()
    page.get_by_role("searchbox").fill("gmv")
    found = page.locator("#found li").filter(has=page.locator("code", has_text=re.compile("^gmv$")))
    found.get_by_role("link", name="Add").click()
    page.get_by_role("link", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    assert "fields=gmv" in page.url
    # Dollars first, then pounds: the two shops' amounts are not added up.
    for currency in ("USD", "GBP"):
        page.get_by_label("Currency").select_option(currency)
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("heading", name="1 row", exact=True)).to_be_visible()
        expect(page.get_by_role("cell", name=currency)).to_be_visible()


def make_a_key(member: Visitor) -> str:
    page = member.page
    page.get_by_role("link", name="Keys").click()
    page.get_by_label("Name").fill("Monthly report")
    page.get_by_role("button", name="Make the key").click()
    return page.locator("#bare-key").inner_text()


def revoke_the_key(member: Visitor) -> None:
    page = member.page
    page.get_by_text("Revoke Monthly report").click()
    page.get_by_role("button", name="Yes, revoke it").click()
    expect(page.get_by_text("1 revoked")).to_be_visible()


def answers(here: Site, key: str) -> int:
    """The status of the API for somebody with this key."""
    whoami = f"{here.url}/connector/v1/whoami"
    return requests.get(whoami, headers={"Authorization": f"Bearer {key}"}, timeout=10).status_code
