"""What stands around every route: keys, sessions, forms, limits, headers, errors."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, g, request
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from errors import NotReady, RateLimited, Refused
from store.accounts import Accounts
from store.roles import READ, opens_to
from store.sessions import IDLE_SECONDS, LONGEST_SECONDS, Sessions
from tests.installation import FakeClock, accounts_in, no_limits
from web.attach import attach
from web.entries import ENTRIES, Entry, entry_of
from web.headers import HEADERS

pytestmark = pytest.mark.slow

MEGABYTE = 1024 * 1024


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: FakeClock) -> Accounts:
    return accounts_in(tmp_path, clock)


@pytest.fixture
def sessions(accounts: Accounts, clock: FakeClock) -> Sessions:
    return Sessions(accounts.database, clock)


@pytest.fixture
def key(accounts: Accounts) -> str:
    return accounts.workspace("alice").create_key("report")[1]


@pytest.fixture
def app(accounts: Accounts, sessions: Sessions) -> Flask:
    return app_with(accounts, sessions)


def app_with(accounts: Accounts, sessions: Sessions, *, secure: bool = False) -> Flask:
    app = Flask("tests", root_path=str(Path(__file__).parent))
    attach(
        app,
        principal_for_key=accounts.principal_for_key,
        sessions=sessions,
        secure=secure,
        cookie_key=b"-" * 32,
        limits=no_limits(),
    )
    app.register_blueprint(routes())
    return app


def routes() -> Blueprint:
    """Stand-ins for the connector's and the hub's routes."""
    blueprint = Blueprint("stand_in", __name__)

    @blueprint.post("/connector/v1/echo")
    @opens_to(READ)
    def echo() -> dict[str, Any]:
        return {"workspace": g.principal.workspace_id, "bytes": len(request.get_data())}

    @blueprint.get("/connector/v1/busy")
    @opens_to(READ)
    def busy() -> str:
        raise RateLimited("Too many requests.", retry_after=2.2)

    @blueprint.get("/connector/v1/not-ready")
    @opens_to(READ)
    def not_ready() -> str:
        raise NotReady("The import has come to 12 %.", reference="tiktok-request-1")

    @blueprint.get("/connector/v1/broken")
    @opens_to(READ)
    def broken() -> str:
        raise ValueError("canary-of-a-payload")

    @blueprint.get("/broken")
    def broken_page() -> str:
        raise ValueError("canary-of-a-payload")

    @blueprint.get("/")
    def page() -> str:
        return str(g.principal.workspace_id)

    @blueprint.post("/change")
    def change() -> str:
        return "changed"

    @blueprint.get("/refused")
    def refused() -> str:
        raise Refused("<b>Not</b> allowed.")

    return blueprint


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


def error_of(answer: TestResponse) -> dict[str, Any]:
    body = answer.json
    assert body is not None
    return dict(body["error"])


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def sign_in(client: FlaskClient, sessions: Sessions, workspace_id: str = "alice") -> TestResponse:
    return client.post("/sign-in", data={"token": sessions.new_link_token(workspace_id)})


def form_token_of(client: FlaskClient) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', client.get("/missing").text)
    assert found is not None
    return found[1]


# API keys


def test_a_key_tells_the_workspace(client: FlaskClient, key: str) -> None:
    answer = client.post("/connector/v1/echo", headers=bearer(key), data=b"{}")
    assert (answer.status_code, answer.json) == (200, {"workspace": "alice", "bytes": 2})


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer  ", "Basic abc", "Bearer wrong", "Bearer tts_é", "tts_x"],
)
def test_without_a_good_key_the_api_answers_401(client: FlaskClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = client.post("/connector/v1/echo", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    error = error_of(answer)
    assert set(error) == {"code", "message", "debug", "retry_after", "reference"}
    assert error["code"] == "unauthorised"
    assert error["reference"] == answer.headers["X-Request-ID"] != ""


def test_a_key_in_the_query_or_in_the_body_opens_nothing(client: FlaskClient, key: str) -> None:
    answer = client.post(f"/connector/v1/echo?key={key}&Authorization=Bearer {key}", data=key)
    assert answer.status_code == 401


def test_a_session_opens_no_api_and_a_key_opens_no_page(
    client: FlaskClient, sessions: Sessions, key: str
) -> None:
    assert client.get("/", headers=bearer(key)).status_code == 401
    sign_in(client, sessions)
    assert client.get("/").status_code == 200
    assert client.post("/connector/v1/echo").status_code == 401


def test_unknown_addresses_need_a_key_or_a_session_too(client: FlaskClient, key: str) -> None:
    assert client.get("/connector/v1/none").status_code == 401
    assert client.get("/none").status_code == 401


# Limits


def test_a_body_of_ten_megabytes_is_too_large(client: FlaskClient, key: str) -> None:
    answer = client.post("/connector/v1/echo", headers=bearer(key), data=b"x" * 10 * MEGABYTE)
    assert (answer.status_code, error_of(answer)["code"]) == (413, "too_large")


def test_a_refused_body_is_read_away(client: FlaskClient) -> None:
    body = io.BytesIO(b"x" * 2 * MEGABYTE)
    environment = {"wsgi.input": body, "CONTENT_LENGTH": str(2 * MEGABYTE)}
    answer = client.post("/connector/v1/echo", environ_overrides=environment)
    assert (answer.status_code, body.read()) == (413, b"")


def test_a_body_that_does_not_tell_its_length_is_limited_too(client: FlaskClient, key: str) -> None:
    answer = client.post(
        "/connector/v1/echo",
        headers=bearer(key),
        input_stream=io.BytesIO(b"x" * 2 * MEGABYTE),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (answer.status_code, error_of(answer)["code"]) == (413, "too_large")


def test_a_body_of_one_megabyte_is_accepted(client: FlaskClient, key: str) -> None:
    answer = client.post("/connector/v1/echo", headers=bearer(key), data=b"x" * MEGABYTE)
    assert answer.json == {"workspace": "alice", "bytes": MEGABYTE}


# Errors


def test_an_unknown_address_and_a_wrong_method_have_the_same_error_body(
    client: FlaskClient, key: str
) -> None:
    unknown = client.get("/connector/v1/none", headers=bearer(key))
    assert (unknown.status_code, error_of(unknown)["code"]) == (404, "not_found")
    wrong = client.get("/connector/v1/echo", headers=bearer(key))
    assert (wrong.status_code, error_of(wrong)["code"]) == (405, "bad_request")
    assert set(wrong.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    assert error_of(wrong)["reference"] == wrong.headers["X-Request-ID"]


def test_the_time_to_wait_is_told_in_whole_seconds(client: FlaskClient, key: str) -> None:
    answer = client.get("/connector/v1/busy", headers=bearer(key))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert error_of(answer)["retry_after"] == 2.2


def test_a_reference_of_tiktok_is_kept(client: FlaskClient, key: str) -> None:
    answer = client.get("/connector/v1/not-ready", headers=bearer(key))
    assert (answer.status_code, error_of(answer)["reference"]) == (503, "tiktok-request-1")


def test_an_unforeseen_error_tells_a_reference_and_nothing_else(
    client: FlaskClient, sessions: Sessions, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_in(client, sessions)
    with capture_logs() as logs:
        api = client.get("/connector/v1/broken?token=canary-of-a-query", headers=bearer(key))
        page = client.get("/broken")
    assert (api.status_code, error_of(api)["code"]) == (500, "internal")
    assert page.status_code == 500
    told = f"{api.text}{page.text}{logs}{capsys.readouterr()}"
    assert "canary" not in told
    assert key not in told
    assert [log["event"] for log in logs] == ["request_broke", "request_broke"]
    assert logs[0]["reference"] == error_of(api)["reference"]
    assert logs[0]["exception"] == "ValueError"
    assert "test_web_security.py" in logs[0]["at"][-1]
    assert logs[1]["reference"] in page.text


def test_a_page_tells_an_error_as_a_page(client: FlaskClient, sessions: Sessions) -> None:
    sign_in(client, sessions)
    answer = client.get("/refused")
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert "&lt;b&gt;Not&lt;/b&gt; allowed." in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


def test_no_key_and_no_token_gets_into_the_log(
    client: FlaskClient, sessions: Sessions, key: str
) -> None:
    link = sessions.new_link_token("alice")
    with capture_logs() as logs:
        client.post("/connector/v1/echo", headers=bearer(key[:-1] + "-"))
        client.get(f"/sign-in?token={link}")
        client.post("/sign-in", data={"token": link + "x"})
        client.post("/sign-in", data={"token": link})
        client.get("/refused")
    assert len(logs) == 3
    assert key[:-1] not in str(logs)
    assert link not in str(logs)


# Headers


def test_every_kind_of_answer_carries_the_security_headers(
    client: FlaskClient, sessions: Sessions, key: str
) -> None:
    answers = [
        client.get("/sign-in"),
        client.get("/"),
        client.post("/connector/v1/echo"),
        client.post("/connector/v1/echo", headers=bearer(key)),
        client.get("/connector/v1/none", headers=bearer(key)),
        client.get("/connector/v1/broken", headers=bearer(key)),
        sign_in(client, sessions),
        client.get("/"),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 401, 200, 404, 500, 303, 200]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_pages_load_only_files_of_our_own(client: FlaskClient, sessions: Sessions) -> None:
    sign_in(client, sessions)
    pages = client.get("/sign-in").text + client.get("/refused").text
    links = re.findall(r'(?:href|src|action)="([^"#]+)', pages)
    assert links
    assert all(link.startswith("/") and not link.startswith("//") for link in links)
    scripts = re.findall(r"<script[^>]*>[^<]*</script>", pages)
    assert len(scripts) == pages.count("<script")
    assert all(re.fullmatch(r'<script src="/[^"]+"( defer)?></script>', one) for one in scripts)
    assert "style=" not in pages
    assert " on" not in "".join(re.findall(r"<[^>]*>", pages))
    style = next(link for link in links if ".min.css" in link)
    answer = client.get(style)
    assert len(answer.data) > 1000
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert answer.headers["Cache-Control"] != "no-store"
    answer.close()


def test_every_open_address_is_known(app: Flask) -> None:
    addresses = {rule.rule.split("<")[0] for rule in app.url_map.iter_rules()}
    entries = {address: entry_of(address) for address in addresses}
    assert {address for address, entry in entries.items() if entry is Entry.OPEN} == {
        "/sign-in",
        "/sign-in/google",
        "/sign-in/google/callback",
        "/static/",
        "/bootstrap/static/",
    }
    for address in ("/", "/sign-out", "/connector", "/healthz/", "/sign-in/x", "//healthz"):
        assert entry_of(address) is Entry.MEMBER
    assert all(address.startswith("/") for address, _ in ENTRIES)


# Sessions


@pytest.mark.parametrize("secure", [True, False])
def test_the_session_cookie_is_guarded(
    accounts: Accounts, sessions: Sessions, secure: bool
) -> None:
    app = app_with(accounts, sessions, secure=secure)
    with app.test_client() as client:
        answer = sign_in(client, sessions)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-tts_session=" if secure else "tts_session=")
    parts = set(cookie.split("; ")[1:])
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= parts
    assert ("Secure" in parts) is secure
    assert not any(part.startswith("Domain") for part in parts)
    assert ("Strict-Transport-Security" in answer.headers) is secure


def test_a_link_signs_in_once_and_looking_at_it_does_not_use_it_up(
    client: FlaskClient, sessions: Sessions
) -> None:
    link = sessions.new_link_token("alice")
    for _ in range(3):
        page = client.get(f"/sign-in?token={link}")
        assert f'value="{link}"' in page.text
    first = client.post("/sign-in", data={"token": link})
    assert (first.status_code, first.headers["Location"]) == (303, "/")
    assert client.get("/").text == "alice"
    again = client.post("/sign-in", data={"token": link})
    assert again.status_code == 401
    assert "used already" in again.text


def test_a_link_ends_after_its_time(
    client: FlaskClient, sessions: Sessions, clock: FakeClock
) -> None:
    short, long = sessions.new_link_token("alice"), sessions.new_link_token("alice", 86_400.0)
    clock.instant += 901
    assert client.post("/sign-in", data={"token": short}).status_code == 401
    assert client.post("/sign-in", data={"token": long}).status_code == 303


def test_signing_in_replaces_a_session_that_was_there_before(
    client: FlaskClient, sessions: Sessions
) -> None:
    sign_in(client, sessions)
    planted = client.get_cookie("tts_session")
    sign_in(client, sessions)
    current = client.get_cookie("tts_session")
    assert planted is not None
    assert current is not None
    assert planted.value != current.value
    assert sessions.principal(planted.value) is None


def test_signing_out_ends_the_session_on_the_server(
    client: FlaskClient, sessions: Sessions
) -> None:
    sign_in(client, sessions)
    cookie = client.get_cookie("tts_session")
    answer = client.post("/sign-out", data={"form_token": form_token_of(client)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert client.get("/").status_code == 401
    assert cookie is not None
    assert sessions.principal(cookie.value) is None


def test_a_session_ends_when_unused_and_at_the_latest_after_thirty_days(
    client: FlaskClient, sessions: Sessions, clock: FakeClock
) -> None:
    sign_in(client, sessions)
    started = clock.instant
    while clock.instant + IDLE_SECONDS / 2 < started + LONGEST_SECONDS:
        clock.instant += IDLE_SECONDS / 2
        assert client.get("/").status_code == 200
    clock.instant = started + LONGEST_SECONDS
    assert client.get("/").status_code == 401
    sign_in(client, sessions)
    clock.instant += IDLE_SECONDS
    assert client.get("/").status_code == 401


# Forms


def test_a_form_needs_the_token_of_its_own_session(
    client: FlaskClient, app: Flask, sessions: Sessions
) -> None:
    sign_in(client, sessions)
    own = form_token_of(client)
    with app.test_client() as other:
        sign_in(other, sessions)
        foreign = form_token_of(other)
    for wrong in ({}, {"form_token": ""}, {"form_token": foreign}, {"form_token": "é"}):
        assert client.post("/change", data=wrong).status_code == 400
    assert client.post("/change", json={"form_token": own}).status_code == 400
    assert client.post("/change", data={"form_token": own}).text == "changed"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 400),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://localhost.evil.test"}, 400),
        ({"Origin": "null"}, 400),
    ],
)
def test_a_form_sent_by_a_foreign_page_is_refused(
    client: FlaskClient, sessions: Sessions, headers: MutableMapping[str, str], status: int
) -> None:
    sign_in(client, sessions)
    token = {"form_token": form_token_of(client)}
    assert client.post("/change", data=token, headers=dict(headers)).status_code == status


def test_a_foreign_page_cannot_sign_a_visitor_in(client: FlaskClient, sessions: Sessions) -> None:
    link = sessions.new_link_token("bob")
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post("/sign-in", data={"token": link}, headers=foreign)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert client.post("/sign-in", data={"token": link}).status_code == 303
