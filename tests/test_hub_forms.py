"""Every page that a member can reach by links, and every form on them: what is missing, wrong,
hostile, somebody else's or sent twice. The pages are found by following links, so that a new page
and a new form are tested without being named here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from tests.authorizing import EVERY_SCOPE
from tests.installation import MadeGrant, MadeShop, connect_shop
from tests.sample_account import NOW, SampleAccount, sample_account

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

OWN, FOREIGN = "7000001", "8000008"
SCRIPT = "<script>alert(1)</script>"
HOSTILE = (
    *("", f'"><img src=x onerror=alert(1)>{SCRIPT}', "x" * 10_000, "\x00\r\nSet-Cookie: a=b"),
    *("' OR 1=1 -- 2026-99-99", "9" * 400, FOREIGN),
)
#: Pages that lead out, or that many links with other parameters lead to.
NOT_FOLLOWED = ("/connect/tiktok/start", "/static/", "/bootstrap/static/", "/images/", "/sign-")
MOST_OF_ONE_KIND = 2
#: Pages below one address, such as all fields below `/fields`.
MOST_BELOW = 6


@dataclass
class Form:
    """As a browser would send it: `values` by field, of one with several values the first."""

    page: str
    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> tuple[str, ...]:
        return (kind_of(self.action), self.method, *sorted(self.values))


def kind_of(address: str) -> str:
    """An address without the ids in it."""
    path = urlsplit(address).path
    return "/".join("*" if any(map(str.isdigit, part)) else part for part in path.split("/"))


class Reader(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.forms: dict[str, Form] = {}
        self._open = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"])
        elif tag == "form":
            self._open = given.get("id") or f"form-{len(self.forms)}"
            action = given.get("action") or self.address
            method = given.get("method", "get").lower()
            self.forms[self._open] = Form(self.address, action, method)
        elif tag in ("input", "select", "textarea", "button") and given.get("name"):
            name = given.get("form") or self._open
            if name:
                self._select = given["name"] if tag == "select" else ""
                # A field may stand before its form; it is put there in the end.
                form = self.forms.setdefault(name, Form(self.address, self.address, "get"))
                form.values.setdefault(given["name"], given.get("value", ""))
        elif tag == "option" and self._select and "selected" in given:
            self.forms[self._open].values[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = ""


@dataclass
class Found:
    """`pages`: texts by address; `forms`: one of each kind."""

    pages: dict[str, str] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)


@dataclass
class House:
    account: SampleAccount
    client: FlaskClient
    found: Found

    def signed_in(self, workspace_id: str = "default") -> FlaskClient:
        client = self.account.app.test_client()
        token = self.account.here.sessions.new_link_token(workspace_id)
        client.post("/sign-in", data={"token": token})
        return client


def followed(client: FlaskClient) -> Found:
    """Everything that is reached from the first page."""
    found, kinds = Found(), dict[str, int]()
    below = dict[str, int]()
    # The last three are reached from a button and not by a link.
    waiting = [
        "/",
        *(f"/shops/{what}?shop={OWN}" for what in ("settings", "reconnect", "disconnect")),
    ]
    known = set(waiting)
    form_kinds = set()
    while waiting:
        address = waiting.pop(0)
        answer = client.get(address)
        if answer.status_code in (301, 302, 303, 307, 308):
            continue
        # A page about a shop of which nothing was read yet says so, with 503.
        if answer.status_code not in (200, 503):
            found.dead.append(f"{address}: {answer.status_code}")
            continue
        if answer.mimetype != "text/html":
            continue
        found.pages[address] = answer.text
        reader = Reader(address)
        reader.feed(answer.text)
        for form in reader.forms.values():
            if form.kind not in form_kinds:
                form_kinds.add(form.kind)
                found.forms.append(form)
        for link in reader.links:
            kind, parent = kind_of(link), urlsplit(link).path.rpartition("/")[0]
            is_new = link not in known and not link.startswith(NOT_FOLLOWED)
            few = kinds.get(kind, 0) < MOST_OF_ONE_KIND
            if is_new and few and (not parent or below.get(parent, 0) < MOST_BELOW):
                kinds[kind] = kinds.get(kind, 0) + 1
                below[parent] = below.get(parent, 0) + 1
                known.add(link)
                waiting.append(link)
    return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("forms")
    keys = {
        "tiktok_app_key": "sample-key",
        "tiktok_app_secret": SecretStr("sample-secret"),
        "tiktok_service_id": "service-1",
        # Nobody answers there: a form that has TikTok asked must not depend on its answer.
        "tiktok_api_base": "http://127.0.0.1:9",
        "tiktok_auth_base": "http://127.0.0.1:9",
    }
    with sample_account(folder, **keys) as account:
        accounts = account.here.accounts
        accounts.ensure_workspace("bob", "Bob's agency")
        ends = NOW + 9_000 * 86_400.0
        for workspace_id, shop_id in (("default", OWN), ("bob", FOREIGN)):
            grant = MadeGrant(
                open_id=f"open-{shop_id}", refresh_expires_at=ends, scopes=EVERY_SCOPE
            )
            connect_shop(accounts, workspace_id, grant, MadeShop(shop_id, f"Shop {shop_id}"))
        accounts.workspace("default").set_client(OWN, "Northwind")
        account.here.invites.create("default")
        made = House(account, account.app.test_client(), Found())
        made.client = made.signed_in()
        made.found = followed(made.client)
        yield made


def send(client: FlaskClient, form: Form, /, **changed: str | None) -> TestResponse:
    """Send a form with some values changed; None leaves the field out."""
    values = {
        name: value for name, value in {**form.values, **changed}.items() if value is not None
    }
    if form.method == "get":
        return client.get(urlsplit(form.action).path, query_string=values)
    return client.post(form.action, data=values)


def fresh_token(client: FlaskClient) -> str:
    return client.get("/shops/add").text.partition('name="form_token" value="')[2].partition('"')[0]


def test_every_link_of_every_page_leads_somewhere(house: House) -> None:
    assert house.found.dead == []
    assert {"/", "/shops/add", "/connect/invites", f"/shops/{OWN}/settings"} <= set(
        house.found.pages
    )
    assert len(house.found.pages) >= 15


def test_every_form_that_changes_something_needs_the_token_of_its_session(house: House) -> None:
    foreign = fresh_token(house.signed_in("bob"))
    posts = [form for form in house.found.forms if form.method == "post"]
    assert len(posts) >= 6
    for form in posts:
        for token in (None, "", "made-up", foreign):
            answer = send(house.client, form, form_token=token)
            assert answer.status_code == 400, (form.action, token)
            assert "out of date" in answer.text


def test_nothing_that_is_typed_breaks_a_page_or_gets_into_it_as_markup(house: House) -> None:
    for form in house.found.forms:
        for name in form.values:
            if name == "form_token" or kind_of(form.action) == "/sign-out":
                continue
            # A page that only shows something has nothing to keep.
            values = HOSTILE if form.method == "post" else HOSTILE[:4]
            for value in (None, *values):
                answer = send(house.client, form, **{name: value})
                place = (form.action, form.method, name, (value or "missing")[:30])
                assert answer.status_code < 500 or answer.status_code == 503, place
                assert SCRIPT not in answer.text, place
                assert "<img src=x" not in answer.text, place
                assert "Set-Cookie" not in answer.headers.get("Location", ""), place


def test_what_belongs_to_another_workspace_is_out_of_reach(house: House) -> None:
    bob = house.signed_in("bob")
    token = fresh_token(bob)
    tried = 0
    for form in house.found.forms:
        names_ours = "*" in kind_of(form.action) or OWN in form.values.values()
        if form.method == "post" and names_ours and "sample" not in form.action:
            tried += 1
            answer = send(bob, form, form_token=token)
            assert answer.status_code in (400, 404, 422), form.action
    assert tried >= 4
    for address in house.found.pages:
        if OWN in address:
            answer = bob.get(address)
            assert answer.status_code < 500, address
            assert answer.status_code in (400, 404) or f"Shop {OWN}" not in answer.text, address


def test_sending_a_form_twice_is_harmless(house: House) -> None:
    token = fresh_token(house.client)
    for form in house.found.forms:
        if form.method == "post" and kind_of(form.action) != "/sign-out":
            for _ in range(2):
                answer = send(house.client, form, form_token=token)
                assert answer.status_code < 500, form.action


def test_no_page_has_a_script_or_a_style_of_its_own(house: House) -> None:
    for address, page in house.found.pages.items():
        assert " style=" not in page, address
        assert "<style" not in page, address
        assert page.count("<script") == page.count('<script src="/static/'), address
