"""Signing in with Google: who gets in, and what is refused. Google is made up: its keys are the
test's own, and nothing leaves this machine."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Flask
from flask.testing import FlaskClient
from google.auth.exceptions import TransportError
from werkzeug.test import TestResponse

from store.roles import OWNER, VIEWER
from store.sessions import Sessions
from tests.installation import FakeClock, accounts_in, no_limits
from web.allowed_people import AllowedPeople, Person
from web.attach import attach
from web.google_sign_in import TOKEN_URL, GoogleSignIn

pytestmark = pytest.mark.slow

CLIENT_ID = "client-1.apps.example.com"
LISTED = "ana@example.com=alice, ben@example.com=bob, @agency.example=alice"
KEYS = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]


def signed(claims: dict[str, Any], key: rsa.RSAPrivateKey = KEYS[0]) -> str:
    """A JSON Web Token (RFC 7519) with RS256."""
    head = {"alg": "RS256", "kid": "key-1", "typ": "JWT"}
    text = ".".join(part(json.dumps(one).encode()) for one in (head, claims))
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{part(signature)}"


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def public_key() -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return KEYS[0].public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@dataclass
class Reply:
    status: int
    data: bytes


@dataclass
class Google:
    """`change` twists the claims of the token that is given out for any code."""

    change: Callable[[dict[str, Any]], object] = lambda _: None
    key: rsa.RSAPrivateKey = KEYS[0]
    status: int = 200
    is_away: bool = False
    nonce: str = ""
    forms: list[dict[str, list[str]]] = field(default_factory=list)

    def __call__(self, url: str, method: str = "GET", **wish: Any) -> Reply:
        if self.is_away:
            raise TransportError("no route")  # type: ignore[no-untyped-call]
        if url != TOKEN_URL:
            return Reply(200, json.dumps({"key-1": public_key()}).encode())
        self.forms.append(parse_qs(wish["body"].decode()))
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": "https://accounts.google.com",
            "aud": CLIENT_ID,
            "sub": "1234567890",
            "email": "Ana@Example.com",
            "email_verified": True,
            "nonce": self.nonce,
            "iat": now - 5,
            "exp": now + 3600,
        }
        self.change(claims)
        return Reply(self.status, json.dumps({"id_token": signed(claims, self.key)}).encode())


class House:
    def __init__(self, folder: Path, listed: str = LISTED) -> None:
        self.clock, self.google = FakeClock(), Google()
        self.accounts = accounts_in(folder, self.clock)
        self.sessions = Sessions(self.accounts.database, self.clock)
        self.client = self.app(listed).test_client()

    def app(self, listed: str) -> Flask:
        app = Flask("tests", root_path=str(Path(__file__).parent))
        attach(
            app,
            principal_for_key=self.accounts.principal_for_key,
            sessions=self.sessions,
            secure=False,
            cookie_key=b"-" * 32,
            limits=no_limits(),
            google=GoogleSignIn(
                client_id=CLIENT_ID,
                client_secret=CLIENT_ID[::-1],
                redirect_url="https://here.example.com/sign-in/google/callback",
                people=AllowedPeople(listed),
                ask=self.google,
                clock=self.clock,
                cookie_key=b"-" * 32,
            ),
        )
        app.get("/")(lambda: "inside")
        return app

    def begin(self, client: FlaskClient | None = None) -> dict[str, str]:
        """Set out for Google; what the link asks of it."""
        answer = (client or self.client).get("/sign-in/google")
        assert answer.status_code == 303
        link = urlsplit(answer.headers["Location"])
        assert (link.scheme, link.netloc) == ("https", "accounts.google.com")
        query = {name: values[0] for name, values in parse_qs(link.query).items()}
        self.google.nonce = query["nonce"]
        return query

    def back(self, state: str, client: FlaskClient | None = None, **query: str) -> TestResponse:
        asked = {"state": state, "code": "code-1"} | query
        return (client or self.client).get("/sign-in/google/callback", query_string=asked)

    def sign_in(self) -> TestResponse:
        return self.back(self.begin()["state"])

    def is_in(self) -> bool:
        return self.client.get("/").status_code == 200


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_who_is_on_the_list_gets_into_the_workspace_named_there(house: House) -> None:
    answer = house.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    session = house.client.get_cookie("tts_session")
    assert session is not None
    principal = house.sessions.principal(session.value)
    assert principal is not None
    assert (principal.workspace_id, principal.member) == ("alice", "ana@example.com")
    assert house.is_in()


def test_signing_in_twice_makes_one_member(house: House) -> None:
    for _ in range(2):
        house.sign_in()
    assert house.sessions.sign_in_as("alice", "ana@example.com")
    with house.accounts.database.reading() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM members WHERE name LIKE 'ana@%'")
        assert count.scalar() == 1


def test_the_code_is_exchanged_with_the_verifier_that_the_link_promised(house: House) -> None:
    query = house.begin()
    house.back(query["state"])
    (form,) = house.google.forms
    digest = hashes.Hash(hashes.SHA256())
    digest.update(form["code_verifier"][0].encode())
    assert part(digest.finalize()) == query["code_challenge"]
    assert query["code_challenge_method"] == "S256"
    assert form["redirect_uri"] == [query["redirect_uri"]]
    assert query["scope"] == "openid email"


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims.update(aud="another-client"),
        lambda claims: claims.update(iss="https://evil.example.com"),
        lambda claims: claims.update(exp=claims["iat"] - 3600, iat=claims["iat"] - 7200),
        lambda claims: claims.update(nonce="another"),
        lambda claims: claims.pop("nonce"),
        lambda claims: claims.update(email_verified=False),
        lambda claims: claims.update(email_verified="true"),
        lambda claims: claims.pop("email_verified"),
        lambda claims: claims.pop("email"),
        lambda claims: claims.update(email="eve@example.com"),
        lambda claims: claims.update(email="ana@example.com.evil.example"),
    ],
    ids=[
        *("audience", "issuer", "expired", "nonce", "no nonce", "not verified", "word verified"),
        *("verified missing", "no address", "not on the list", "a longer address"),
    ],
)
def test_a_token_that_is_not_in_order_opens_nothing(
    house: House, change: Callable[[dict[str, Any]], object]
) -> None:
    house.google.change = change
    answer = house.sign_in()
    assert answer.status_code == 401
    assert "Please start again" in answer.text
    assert not house.is_in()


def test_a_token_of_another_key_opens_nothing(house: House) -> None:
    house.google.key = KEYS[1]
    assert house.sign_in().status_code == 401
    assert not house.is_in()


def test_google_refusing_or_away_is_told_without_what_it_said(house: House) -> None:
    house.google.status = 400
    assert "Google did not confirm the sign-in." in house.sign_in().text
    house.google.status, house.google.is_away = 200, True
    assert "Google did not confirm the sign-in." in house.sign_in().text


def test_a_person_who_says_no_is_told_so(house: House) -> None:
    state = house.begin()["state"]
    refused = {"state": state, "error": "access_denied"}
    answer = house.client.get("/sign-in/google/callback", query_string=refused)
    assert (answer.status_code, house.google.forms) == (401, [])
    assert "Google did not sign you in." in answer.text


def test_only_the_browser_that_set_out_comes_back(house: House) -> None:
    state = house.begin()["state"]
    other = house.client.application.test_client()
    assert house.back(state, other).status_code == 401
    house.begin(other)
    assert house.back(state, other).status_code == 401
    assert house.google.forms == []


def test_an_answer_works_once_and_for_ten_minutes(house: House) -> None:
    state = house.begin()["state"]
    assert house.back(state).status_code == 303
    assert house.back(state).status_code == 401
    late = house.begin()["state"]
    house.clock.instant += 601
    assert house.back(late).status_code == 401


@pytest.mark.parametrize("state", ["", "é", "\x00", "x" * 5_000])
def test_a_strange_state_is_refused_as_a_wrong_one(house: House, state: str) -> None:
    house.begin()
    answer = house.back(state)
    assert answer.status_code == 401
    assert "does not belong to a sign-in you started here" in answer.text


def test_a_cookie_that_was_changed_is_worth_nothing(house: House) -> None:
    state = house.begin()["state"]
    house.client.set_cookie("tts_google", "WyJhIl0.made-up")
    assert house.back(state).status_code == 401


def test_who_is_taken_off_the_list_is_out_at_the_next_page(house: House) -> None:
    house.sign_in()
    session = house.client.get_cookie("tts_session")
    assert session is not None
    later = house.app("ben@example.com=bob").test_client()
    later.set_cookie("tts_session", session.value)
    assert later.get("/").status_code == 401


def test_a_link_of_the_command_line_still_signs_in(house: House) -> None:
    page = house.client.get("/sign-in").text
    assert 'href="/sign-in/google"' in page
    token = house.sessions.new_link_token("alice")
    assert house.client.post("/sign-in", data={"token": token}).status_code == 303
    assert house.is_in()


def test_without_google_there_is_no_way_through_it(tmp_path: Path) -> None:
    accounts = accounts_in(tmp_path, FakeClock())
    app = Flask("tests", root_path=str(Path(__file__).parent))
    attach(
        app,
        principal_for_key=accounts.principal_for_key,
        sessions=Sessions(accounts.database, FakeClock()),
        secure=False,
        cookie_key=b"-" * 32,
        limits=no_limits(),
    )
    client = app.test_client()
    assert "Google" not in client.get("/sign-in").text.partition("<footer")[0]
    for path in ("/sign-in/google", "/sign-in/google/callback?state=a&code=b"):
        assert client.get(path).status_code == 404


# --- the list -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "hosted_domain", "welcome"),
    [
        ("ana@example.com", "", ("alice", OWNER)),
        ("ANA@EXAMPLE.COM", "", ("alice", OWNER)),
        ("ben@example.com", "example.com", ("bob", OWNER)),
        ("eve@example.com", "example.com", None),
        # Whoever the operator has not named sees numbers, until an owner says more.
        ("anyone@agency.example", "agency.example", ("alice", VIEWER)),
        # An address alone can be anybody's: the account must be the company's.
        ("anyone@agency.example", "", None),
        ("anyone@agency.example", "other.example", None),
        ("anyone@sub.agency.example", "sub.agency.example", None),
        ("", "", None),
    ],
)
def test_the_list_names_people_and_companies(
    email: str, hosted_domain: str, welcome: tuple[str, str] | None
) -> None:
    assert AllowedPeople(LISTED).welcome(Person(email, hosted_domain)) == welcome


def test_without_a_workspace_the_usual_one_is_meant() -> None:
    found = AllowedPeople("ana@example.com").welcome(Person("ana@example.com"))
    assert found == ("default", OWNER)
