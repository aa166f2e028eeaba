"""Every route, asked by one workspace for what belongs to another, by everybody who may not, and at
random. The cases are checked against the app's own map of routes: a route without a case fails.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest
from werkzeug.test import TestResponse

from store.roles import EDITOR, OWNER, ROLES, UNSAID, VIEWER, admission_of
from tests.answering import request_for
from tests.conftest import Soak
from tests.two_tenants import BOTH, SHOP, TENANTS, Tenant, TwoTenants, other, told_of, word_of
from web.entries import Entry, entry_of
from web.headers import HEADERS

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Case:
    """Who may ask, and what stands in the request.

    `who`: a role; a scope of a key; "any key"; "guest" (whoever holds a link; of members, editors);
    "open". `whole`: not for members who are limited to some clients. `ids`: what kind of id a part
    of the path is, by its name; `query` and `form` likewise, where what begins with "=" is the
    value itself. `asks`: the body is a question to the connector; `names`: one that names a shop.
    """

    who: str
    whole: bool = False
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    asks: bool = False
    names: bool = False


_SHOP = {"shop_id": "shop"}
_EXPORT = {"export_id": "export"}
_BOOK = {"spreadsheet_id": "spreadsheet"}
_DEFINED = {
    "fields": "=date,gmv",
    "range": "=custom",
    "start": "=2026-08-01",
    "end": "=2026-08-04",
}
#: Scopes of keys.
_KEYS = ("read", "refresh", "manage", "any key")
_DAYS = {"from": "=2026-08-01", "to": "=2026-08-10"}
_ROWS = {
    "shops": "shop",
    "fields": "=product_name,gmv",
    "start": "=2026-08-01",
    "end": "=2026-08-10",
}
_RANGE = {
    "shop": "shop",
    "data": "=orders",
    "start": "=2026-08-01",
    "end": "=2026-08-10",
}
_FILTERS = {"shop": "shop", "state": "=", "before": "run"}

#: What each route is for. To add one: who may ask, and which ids of a workspace it takes.
CASES: Mapping[str, Case] = {
    # the connector
    "GET /connector/v1/whoami": Case("any key"),
    "POST /connector/v1/getConfig": Case("read", asks=True),
    "POST /connector/v1/getSchema": Case("read", asks=True),
    "POST /connector/v1/getData": Case("read", asks=True),
    "GET /connector/v1/rows.csv": Case("read", query=_ROWS),
    "GET /connector/v1/rows.ndjson": Case("read", query=_ROWS),
    "POST /connector/v1/imports": Case("manage", names=True),
    "GET /connector/v1/runs/<run_id>": Case("manage", ids={"run_id": "run"}),
    # shops
    "GET /": Case(VIEWER, query={"q": "client"}),
    "GET /shops": Case(VIEWER),
    "GET /shops/add": Case(EDITOR, whole=True, query={"shop": "shop"}),
    "GET /shops/<shop_id>/settings": Case(EDITOR, whole=True, ids=_SHOP),
    "POST /shops/<shop_id>/settings": Case(
        EDITOR,
        whole=True,
        ids=_SHOP,
        form={"shop_zone": "=UTC", "report_zone": "=UTC", "client": "client", "listens": "=yes"},
    ),
    "GET /shops/<shop_id>/disconnect": Case(EDITOR, whole=True, ids=_SHOP),
    "POST /shops/<shop_id>/disconnect": Case(
        EDITOR, whole=True, ids=_SHOP, form={"keep": "=yes", "name": "="}
    ),
    "POST /shops/chosen": Case(EDITOR, form={"go": "=settings", "shop": "shop"}),
    "GET /shops/settings": Case(EDITOR, whole=True, query={"shop": "shop"}),
    "POST /shops/settings": Case(EDITOR, whole=True, form={"shop": "shop", "client": "client"}),
    "GET /shops/reconnect": Case(EDITOR, whole=True, query={"shop": "shop"}),
    "GET /shops/disconnect": Case(EDITOR, whole=True, query={"shop": "shop"}),
    "POST /shops/disconnect": Case(EDITOR, whole=True, form={"shop": "shop"}),
    # connecting
    "GET /connect/tiktok/start": Case(EDITOR, whole=True, query={"shop": "shop", "region": "=US"}),
    "GET /connect/tiktok/callback": Case("open", query={"state": "key", "code": "=code"}),
    "GET /connect/shops/<authorization_id>": Case(
        "guest", whole=True, ids={"authorization_id": "authorization"}
    ),
    "POST /connect/shops/<authorization_id>": Case(
        "guest", whole=True, ids={"authorization_id": "authorization"}, form={"shop": "shop"}
    ),
    "GET /connect/invite": Case("open", query={"token": "invite"}),
    "GET /connect/invite/start": Case("open", query={"token": "invite", "region": "=US"}),
    "GET /connect/invites": Case(EDITOR, whole=True, query={"shop": "shop"}),
    "POST /connect/invites": Case(EDITOR, whole=True, form={"shop": "shop", "days": "=7"}),
    "POST /connect/invites/<invite_id>/revoke": Case(
        EDITOR, whole=True, ids={"invite_id": "invite"}
    ),
    # imports
    "GET /shops/<shop_id>/import": Case(VIEWER, ids=_SHOP),
    "GET /shops/<shop_id>/import/live": Case(VIEWER, ids=_SHOP),
    "GET /imports": Case(VIEWER, query={"shop": "shop"}),
    "GET /imports/live": Case(VIEWER, query={"shop": "shop"}),
    "POST /import": Case(EDITOR, form={"shop": "shop"}),
    "GET /backfill": Case(EDITOR, query={"shop": "shop"}),
    "POST /backfill": Case(EDITOR, form={**_RANGE, "step": "=start"}),
    "POST /backfill/estimate": Case(EDITOR, form=_RANGE),
    "GET /history": Case(VIEWER, query=_FILTERS),
    "GET /history/<run_id>": Case(VIEWER, ids={"run_id": "run"}),
    # numbers
    "GET /dashboard": Case(VIEWER, query={"about": "about"}),
    "GET /dashboard/<name>": Case(VIEWER, ids={"name": "=best"}, query={"about": "about"}),
    "GET /numbers": Case(VIEWER, query={"about": "about"}),
    "GET /numbers/money": Case(VIEWER, query={"about": "about", **_DAYS}),
    "GET /numbers/steps": Case(VIEWER, query={"about": "about", "day": "=2026-08-02"}),
    "GET /fields": Case("open"),
    "GET /fields/<field_id>": Case("open", ids={"field_id": "=gmv"}),
    "GET /fields/preview": Case(VIEWER, query={**_ROWS, "client": "client"}),
    "GET /fields/preview.csv": Case(VIEWER, query=_ROWS),
    # the workspace
    "GET /clients": Case(EDITOR, whole=True, query={"edit": "client"}),
    "POST /clients": Case(
        EDITOR, whole=True, form={"client": "client", "name": "=Renamed", "shop": "shop"}
    ),
    "POST /clients/delete": Case(EDITOR, whole=True, form={"client": "client"}),
    "GET /keys": Case(OWNER, whole=True, query={"opens": "about"}),
    "POST /keys": Case(OWNER, whole=True, form={"name": "=New", "opens": "about", "may": "=read"}),
    "POST /keys/<key_id>/revoke": Case(OWNER, whole=True, ids={"key_id": "key"}),
    "GET /looker": Case(VIEWER),
    "POST /looker/key": Case(OWNER, whole=True, form={"about": "about"}),
    "GET /members": Case(OWNER, whole=True, query={"edit": "member"}),
    "POST /members": Case(
        OWNER,
        whole=True,
        form={"name": "=New", "role": "=viewer", "sees": "=some", "client": "client"},
    ),
    "POST /members/<member_id>": Case(
        OWNER, whole=True, ids={"member_id": "member"}, form={"role": "=viewer", "sees": "=all"}
    ),
    "POST /members/<member_id>/link": Case(OWNER, whole=True, ids={"member_id": "member"}),
    "POST /members/<member_id>/remove": Case(OWNER, whole=True, ids={"member_id": "member"}),
    "GET /members/me": Case(VIEWER),
    "POST /members/me/leave": Case(VIEWER),
    "GET /settings": Case(EDITOR, whole=True),
    "POST /settings": Case(OWNER, whole=True, form={"name": "=Another name"}),
    "GET /settings/notices": Case(EDITOR, whole=True),
    "POST /settings/notices": Case(EDITOR, whole=True, form={"addresses": "=", "digest": "=none"}),
    "POST /settings/notices/test": Case(EDITOR, whole=True),
    "GET /usage": Case(EDITOR, whole=True),
    # spreadsheets
    "GET /sheets": Case(VIEWER, whole=True),
    "GET /sheets/new": Case(EDITOR, whole=True, query={"preset": "=", "where": "spreadsheet"}),
    "POST /sheets/new": Case(
        EDITOR,
        whole=True,
        form={"name": "=New", "spreadsheet": "spreadsheet", "about": "about", **_DEFINED},
    ),
    "GET /sheets/<export_id>": Case(VIEWER, whole=True, ids=_EXPORT),
    "GET /sheets/<export_id>/edit": Case(EDITOR, whole=True, ids=_EXPORT),
    "POST /sheets/<export_id>/edit": Case(
        EDITOR, whole=True, ids=_EXPORT, form={"name": "=Renamed", "about": "about", **_DEFINED}
    ),
    "POST /sheets/<export_id>/refresh": Case(EDITOR, whole=True, ids=_EXPORT),
    "POST /sheets/<export_id>/pause": Case(EDITOR, whole=True, ids=_EXPORT, form={"on": "=no"}),
    "POST /sheets/<export_id>/remove": Case(EDITOR, whole=True, ids=_EXPORT),
    "POST /sheets/books/<spreadsheet_id>/settings": Case(
        EDITOR, whole=True, ids=_BOOK, form={"reads": "=yes", "shows": "about"}
    ),
    "POST /sheets/books/<spreadsheet_id>/share": Case(
        EDITOR, whole=True, ids=_BOOK, form={"email": "=ann@example.com", "role": "=reader"}
    ),
    "POST /sheets/books/<spreadsheet_id>/key": Case(OWNER, whole=True, ids=_BOOK),
    "POST /sheets/refresh": Case("refresh"),
    "GET /sheets/google/start": Case(EDITOR, whole=True),
    "GET /sheets/google/callback": Case(
        EDITOR, whole=True, query={"state": "key", "code": "=code"}
    ),
    "POST /sheets/google/<grant_id>/forget": Case(EDITOR, whole=True, ids={"grant_id": "grant"}),
    # for everybody
    "GET /openapi.json": Case("open"),
    "GET /sign-in": Case("open", query={"token": "invite"}),
    "POST /sign-in": Case("open", form={"token": "invite"}),
    "GET /sign-in/google": Case("open"),
    "GET /sign-in/google/callback": Case("open", query={"state": "key", "code": "=code"}),
    "POST /sign-out": Case(VIEWER),
    "POST /webhooks/tiktok/<topic>": Case("open", ids={"topic": "=ORDER_STATUS_CHANGE"}),
    # The address of a picture is what opens it; it cannot be guessed.
    "GET /images/<workspace_id>/<shop_id>/<name>": Case(
        "open", ids={"workspace_id": "workspace", "shop_id": f"={SHOP}", "name": "=none.png"}
    ),
    "GET /about": Case("open"),
    "GET /about/logo.png": Case("open"),
    "GET /about/privacy": Case("open"),
    "GET /about/support": Case("open"),
    "GET /about/terms": Case("open"),
    "GET /healthz": Case("open"),
    "GET /readyz": Case("open"),
    "GET /metrics": Case("open"),
    "GET /static/<path:filename>": Case("open", ids={"filename": "=hub.css"}),
    "GET /bootstrap/static/<path:filename>": Case("open", ids={"filename": "=none.css"}),
}

ROUTES = sorted(CASES)
#: Those that take an id of a workspace's own, and therefore might take another's.
WITH_IDS = [
    (route, part)
    for route in ROUTES
    for part, kind in {**CASES[route].ids, **CASES[route].query, **CASES[route].form}.items()
    if not kind.startswith("=")
]
WITH_IDS += [(route, "configParams") for route in ROUTES if CASES[route].asks]
WITH_IDS += [(route, "shops") for route in ROUTES if CASES[route].names]
GUARDED = [route for route in ROUTES if CASES[route].who in (*ROLES, *_KEYS)]
CHANGING = [route for route in ROUTES if CASES[route].who in ROLES and route.startswith("POST ")]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoTenants]:
    """For what changes nothing."""
    two = TwoTenants(tmp_path_factory.mktemp("two"))
    yield two
    two.close()


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoTenants]:
    """Bob takes his own workspace to pieces here, while he tries to come to alice's."""
    two = TwoTenants(tmp_path_factory.mktemp("attacked"))
    yield two
    two.close()


def ask(
    who: Tenant, route: str, given: Mapping[str, str] | None = None, of: Tenant | None = None
) -> TestResponse:
    """Ask a route with the ids of `of` (usually one's own), except those that are `given`."""
    case, of, given = CASES[route], of or who, given or {}
    method, _, rule = route.partition(" ")

    def value(part: str, kind: str) -> str:
        if part in given:
            return given[part]
        return kind[1:] if kind.startswith("=") else of.ids[kind][0]

    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: value(part[1], case.ids[part[1]]), rule)
    body = None
    if case.asks:
        body = request_for("product_name", "gmv", options={"shops": "all"})
        body["configParams"] = {"shops": "all", **_options(given.get("configParams", ""))}
    if case.names:
        body = {"shops": [value("shops", "shop")], "start": "2026-08-01", "data": ["orders"]}
    return who.send(
        method,
        path,
        query={part: value(part, kind) for part, kind in case.query.items()},
        form={part: value(part, kind) for part, kind in case.form.items()},
        body=body,
        by_key=case.who in _KEYS and case.who,
    )


def _options(about: str) -> dict[str, str]:
    if not about:
        return {}
    client = about.removeprefix("client:")
    return {"shops": about} if client == about else {"shops": "all", "client": client}


def told(answer: TestResponse) -> bytes:
    """All that an answer says: status line, headers and body."""
    body: bytes = answer.data
    return f"{answer.status} {answer.headers}".encode() + body


def asked_for(route: str, part: str, whose: Tenant) -> list[str]:
    """What only `whose` has and can be named in this part of a request."""
    case = CASES[route]
    if part == "configParams":
        return whose.ids["about"]
    if case.names:
        return whose.ids["shop"]
    return whose.ids[{**case.ids, **case.query, **case.form}[part]]


# --- the map ---


def test_every_route_has_a_case_and_every_case_a_route(kept: TwoTenants) -> None:
    routes = {
        f"{method} {rule.rule}"
        for rule in kept.test.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert sorted(routes - set(CASES)) == [], "say in CASES who may ask, and what for"
    assert sorted(set(CASES) - routes) == []


def test_every_guarded_route_says_beside_itself_whom_it_is_for(kept: TwoTenants) -> None:
    views = kept.test.app.view_functions
    for rule in kept.test.app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            case, said = CASES[f"{method} {rule.rule}"], admission_of(views[rule.endpoint])
            if entry_of(rule.rule) is Entry.OPEN:
                assert case.who == "open", rule
                continue
            assert said is not UNSAID, rule
            if case.who in ROLES:
                assert (said.role, said.whole) == (case.who, case.whole), rule
                assert entry_of(rule.rule) is Entry.MEMBER, rule
            elif case.who == "guest":
                assert (said.role, said.whole) == (EDITOR, True), rule
            elif case.who == "open":
                assert said.role == VIEWER, rule
            else:
                scopes = {"read", "refresh", "manage"} if case.who == "any key" else {case.who}
                assert said.scopes == scopes, rule
                assert entry_of(rule.rule) is Entry.KEY, rule


# --- one workspace asks for what is another's ---


@pytest.mark.parametrize(("route", "part"), WITH_IDS)
def test_what_only_another_has_is_not_there(attacked: TwoTenants, route: str, part: str) -> None:
    bob, alice = attacked.tenants["bob"], attacked.tenants["alice"]
    for foreign in asked_for(route, part, alice):
        with attacked.unchanged("alice"):
            answer = ask(bob, route, {part: foreign})
        if part in CASES[route].ids and part != "workspace_id":
            assert answer.status_code == 404, answer.text
        assert answer.status_code < 500, answer.text
        assert told_of("alice", told(answer), with_clients=False) == [], route


@pytest.mark.parametrize("route", [route for route in ROUTES if route.startswith("GET ")])
def test_of_ids_that_both_have_each_gets_its_own(kept: TwoTenants, route: str) -> None:
    colliding = {"shop": SHOP, "shop_id": SHOP, "shops": SHOP, "about": SHOP, "client": BOTH}
    for name in TENANTS:
        answer = ask(kept.tenants[name], route, colliding)
        assert answer.status_code < 500
        assert told_of(other(name), told(answer)) == []


@pytest.mark.parametrize(
    "asked", [{"shops": SHOP}, {"shops": "all"}, {"shops": "all", "client": BOTH}]
)
def test_an_answer_that_is_remembered_is_remembered_for_one_workspace(
    kept: TwoTenants, asked: dict[str, str]
) -> None:
    body = request_for("product_name", "gmv", options=asked)
    for _ in range(3):
        for name in TENANTS:
            answer = kept.tenants[name].send(
                "POST", "/connector/v1/getData", body=body, by_key=True
            )
            assert word_of(name).encode() in answer.data
            assert told_of(other(name), told(answer)) == []


def test_the_checks_above_do_notice_what_they_look_for(kept: TwoTenants) -> None:
    """The words are there to be found, and a change is seen."""
    for route in ("GET /", "GET /clients", "GET /keys", "GET /members", "GET /settings/notices"):
        assert word_of("alice").encode() in told(ask(kept.tenants["alice"], route)), route
    before = kept.kept_of("alice")
    kept.here.accounts.workspace("alice").rename("alice-canary")
    assert kept.kept_of("alice") == before
    kept.here.accounts.workspace("alice").rename("alice-canary changed")
    assert kept.kept_of("alice") != before


#: What even its owner is refused in the world of these tests, and why.
_NOT_HERE = {
    "GET /connect/invite": "the token of an invite is not kept",
    "GET /connect/invite/start": "as above",
    "GET /connect/tiktok/callback": "nor is that of a state",
    "POST /sign-in": "nor is that of a link",
    "GET /sign-in/google": "not set up",
    "GET /sign-in/google/callback": "not set up",
    "GET /sheets/google/start": "not set up",
    "GET /sheets/google/callback": "not set up",
    "GET /images/<workspace_id>/<shop_id>/<name>": "no such picture",
    "GET /bootstrap/static/<path:filename>": "no such file",
    "POST /sheets/refresh": "by another key",
    "POST /webhooks/tiktok/<topic>": "not signed",
}


def test_with_ones_own_ids_each_route_does_what_it_is_for(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The cases are not refused for some other reason."""
    two = TwoTenants(tmp_path_factory.mktemp("own"))
    statuses = {}
    with two.unchanged("bob"):
        for route in sorted(ROUTES, key=_gentle_first):
            if route not in _NOT_HERE:
                statuses[route] = ask(two.tenants["alice"], route).status_code
    two.close()
    assert {route: status for route, status in statuses.items() if status >= 400} == {}


def _gentle_first(route: str) -> tuple[int, str]:
    """What ends a thing comes after what uses it, and what ends the session last."""
    ending = ("forget", "revoke", "remove", "/clients", "delete", "disconnect", "leave", "sign-out")
    places = [number for number, word in enumerate(ending, 1) if word in route]
    is_page = route.startswith("GET ")
    return (0 if is_page or not places else places[0], route)


# --- who may not ---


def test_who_is_not_known_gets_nothing(kept: TwoTenants) -> None:
    alice = kept.tenants["alice"]
    stranger = Tenant("alice", kept.test.app.test_client(), "tts_wrong", alice.ids)
    with kept.unchanged("alice"):
        answers = {route: ask(stranger, route) for route in GUARDED}
    assert {route for route, answer in answers.items() if answer.status_code != 401} == set()
    assert {route for route, answer in answers.items() if told_of("alice", told(answer))} == set()


@pytest.mark.parametrize("role", [VIEWER, EDITOR])
def test_a_role_may_do_what_is_its_own_and_no_more(kept: TwoTenants, role: str) -> None:
    alice, member = kept.tenants["alice"], kept.member("alice", role, role)
    above = {
        route: CASES[route].who
        for route in ROUTES
        if CASES[route].who in ROLES and ROLES.index(CASES[route].who) > ROLES.index(role)
    }
    assert len(above) > 10
    with kept.unchanged("alice"):
        answers = {route: ask(member, route, of=alice) for route in above}
    assert {route for route, answer in answers.items() if answer.status_code != 403} == set()
    for route, needed in above.items():
        meant = "for editors and owners of" if needed == EDITOR else "for owners of"
        assert meant in answers[route].text, route


def test_who_sees_some_clients_only_does_not_come_to_what_is_of_all(kept: TwoTenants) -> None:
    alice, member = kept.tenants["alice"], kept.member("alice", "some", EDITOR, limited_to=[BOTH])
    of_all = [route for route in ROUTES if CASES[route].whole]
    with kept.unchanged("alice"):
        answers = {route: ask(member, route, of=alice) for route in of_all}
    assert {route for route, answer in answers.items() if answer.status_code != 403} == set()


def test_nothing_changes_without_the_forms_token(kept: TwoTenants) -> None:
    alice = kept.tenants["alice"]
    forged = Tenant("alice", alice.client, alice.key, alice.ids, form_token="0" * 64)
    with kept.unchanged("alice"):
        answers = {route: ask(forged, route) for route in CHANGING}
    assert {route for route, answer in answers.items() if answer.status_code != 400} == set()


def test_nothing_changes_because_another_page_sends_the_form(kept: TwoTenants) -> None:
    alice = kept.tenants["alice"]
    foreign = Tenant("alice", alice.client, alice.key, alice.ids, alice.form_token)
    foreign.headers["Sec-Fetch-Site"] = "cross-site"
    with kept.unchanged("alice"):
        answers = {route: ask(foreign, route) for route in CHANGING}
    assert {route for route, answer in answers.items() if answer.status_code != 400} == set()


def test_every_page_and_answer_has_the_headers_and_no_script_of_its_own(kept: TwoTenants) -> None:
    """Whatever the content policy forbids would not work; here it is not even tried."""
    for route in (route for route in ROUTES if route.startswith("GET ")):
        answer = ask(kept.tenants["alice"], route)
        for name in HEADERS:
            assert name in answer.headers, (route, name)
        if answer.mimetype != "text/html":
            continue
        scripts = re.findall(r"<script\b[^>]*>[^<]*</script>", answer.text)
        assert len(scripts) == answer.text.count("<script"), route
        for script in scripts:
            assert re.fullmatch(r'<script src="/[^"]+"( defer)?></script>', script), (route, script)
        tags = re.findall(r"<[a-zA-Z][^>]*>", answer.text)
        inline = re.compile(r"""\s(on\w+|style)\s*=\s*["']|javascript:""")
        assert [tag for tag in tags if inline.search(tag)] == [], route


def test_a_key_for_refreshing_sees_no_number(kept: TwoTenants) -> None:
    _, key = kept.here.accounts.workspace("alice").create_key("sheet", "refresh", numbered=True)
    holder = Tenant("alice", kept.test.app.test_client(), key, kept.tenants["alice"].ids)
    for route in (route for route in ROUTES if CASES[route].who == "read"):
        answer = ask(holder, route)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "forbidden")
    assert ask(holder, "GET /connector/v1/whoami").get_json()["scopes"] == ["refresh"]


def test_a_key_for_reading_refreshes_and_imports_nothing(kept: TwoTenants) -> None:
    reader = replace(kept.tenants["alice"], managing="")
    with kept.unchanged("alice"):
        for route in (route for route in ROUTES if CASES[route].who in ("refresh", "manage")):
            answer = ask(reader, route)
            assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "forbidden")


def test_a_key_of_one_spreadsheet_refreshes_none_of_another_workspace(kept: TwoTenants) -> None:
    """Not even where somebody gets to bind a key of theirs to it."""
    alice, bob = kept.tenants["alice"], kept.here.accounts.workspace("bob")
    (sheet,) = alice.ids["spreadsheet"]
    _, key = bob.create_key("theirs", "refresh", target=sheet, numbered=True)
    holder = Tenant("bob", kept.test.app.test_client(), key, {})
    with kept.unchanged("alice"):
        answer = ask(holder, "POST /sheets/refresh")
    assert (answer.status_code, told_of("alice", told(answer))) == (404, [])


# --- at random ---

#: What is always tried besides ids.
_ODD = ("", "..", "0", "all", "sample", "%00", "' OR 1=1 --", "111,7770,7771", "a" * 300)


def random_call(two: TwoTenants, dice: random.Random) -> tuple[str, str, TestResponse]:
    """(who asks, what, answer) of a request with ids from everywhere."""
    name = dice.choice(TENANTS)
    me, them = two.tenants[name], two.tenants[other(name)]
    route = dice.choice(ROUTES)
    case = CASES[route]
    parts = {**case.ids, **case.query, **case.form}
    given = {}
    for part, kind in parts.items():
        if kind.startswith("="):
            continue
        whose = them if dice.random() < 0.7 else me
        usual = [*whose.ids[kind], SHOP, BOTH]
        any_kind = whose.ids[dice.choice(list(whose.ids))]
        given[part] = dice.choice(dice.choice((usual, usual, any_kind, _ODD)))
        if part in case.ids and ("/" in given[part] or not given[part]):
            given[part] = "x"
    given["configParams"] = dice.choice([*them.ids["about"], *me.ids["about"], SHOP, "all", *_ODD])
    return name, f"{route} {given}", ask(me, route, given)


@pytest.mark.soak(cases=10_000)
def test_random_calls_across_workspaces_leak_nothing(
    tmp_path_factory: pytest.TempPathFactory, soak: Soak
) -> None:
    """Each says nothing of the other's, breaks nothing, and leaves the other as it was. Whoever
    asks may well take their own workspace to pieces: then both get new ones."""
    dice = random.Random(soak.wanted or 8)
    while not soak.is_spent():
        two = TwoTenants(tmp_path_factory.mktemp("random"))
        try:
            _go_on(two, dice, soak)
        finally:
            two.close()


def _go_on(two: TwoTenants, dice: random.Random, soak: Soak, at_most: int = 400) -> None:
    before = {name: two.kept_of(name) for name in TENANTS}
    for number in range(at_most):
        if soak.is_spent():
            break
        name, what, answer = random_call(two, dice)
        soak.cases += 1
        them = other(name)
        assert answer.status_code < 500, what
        assert told_of(them, told(answer), with_clients=False) == [], what
        if answer.status_code == 401 and CASES[what.split(" {")[0]].who in ROLES:
            two.sign_in(two.tenants[name])
            before[name] = two.kept_of(name)
        if what.startswith("POST "):
            assert before[them] == two.kept_of(them), what
            before[name] = two.kept_of(name)
        elif number % 25 == 0:
            assert before == {each: two.kept_of(each) for each in TENANTS}, "a page changed that"
    assert before == {each: two.kept_of(each) for each in TENANTS}
