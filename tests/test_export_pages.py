"""The pages below /sheets: a person makes an export, sees how it goes, changes and removes it."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from errors import BadRequest
from store.roles import VIEWER
from tests.answering import HandMadeShop
from tests.exporting import ANA, ROBOT, ExportHouse, export_house
from tests.reporting import Member, text_of
from tests.test_google_sign_in import CLIENT_ID, Reply, public_key, signed
from web.google_sign_in import TOKEN_URL

pytestmark = pytest.mark.slow

PRESET = {"name": "Sales", "about": "111", "fields": "date, GMV, orders", "range": "custom"}
DAYS = {"start": "2026-08-01", "end": "2026-08-04", "zone": "UTC", "at": "07:00", "day": "1"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    google = {"google_client_id": CLIENT_ID, "google_client_secret": CLIENT_ID[::-1]}
    with export_house(tmp_path_factory.mktemp("pages"), **google) as made:
        yield made


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    return built


def form(house: ExportHouse, **changes: str) -> dict[str, str]:
    """What a browser sends of the form for a new export."""
    first = {
        "split": "none",
        "week_start": "monday",
        "compare": "none",
        "mode": "replace",
        "order_date": "created",
        "schedule": "never",
        "hours": "6",
        "weekday": "monday",
        "spreadsheet": f"https://docs.google.com/spreadsheets/d/{house.book_id}/edit#gid=0",
        "step": "save",
    }
    return {**first, **PRESET, **DAYS, **changes}


def made(house: ExportHouse, member: Member, **changes: str) -> str:
    """The address of an export that was made with the form."""
    answer = member.post("/sheets/new", form(house, **changes))
    assert answer.status_code == 303, text_of(answer.text)
    return answer.headers["Location"]


def test_an_export_is_made_written_and_shown(house: ExportHouse) -> None:
    member = Member(house.test)
    assert ROBOT in member.page("/sheets")
    address = made(house, member)
    assert "A refresh waits for its turn." in text_of(member.page(address))
    house.work()
    page = text_of(member.page(address))
    assert "Up to date" in page
    assert "3 rows written." in page
    assert "2026-08-01 to 2026-08-04" in page
    assert "Aurora US" in page
    assert [46235, 33.75, 2] in house.look("Sales")
    assert "Up to date" in text_of(member.page("/sheets"))


def test_the_preview_shows_the_same_rows_before_anything_is_made(house: ExportHouse) -> None:
    member = Member(house.test)
    answer = member.post("/sheets/new", form(house, step="preview", totals="yes"))
    page = text_of(answer.text)
    assert answer.status_code == 200
    assert (
        "133.75 4 Date GMV Orders 2026-08-01 33.75 2 2026-08-02 0.00 1 2026-08-03 100.00 1" in page
    )
    assert house.exporting.exports.of_workspace("default") == []
    assert house.emulator.seen == []


def test_every_preset_is_a_form_that_can_be_saved(house: ExportHouse) -> None:
    member = Member(house.test)
    page = member.page("/sheets/new", preset="products")
    assert 'value="Products"' in page
    assert "product_id,product_name" in page
    assert '<option value="previous_period" selected>' in page


def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost(house: ExportHouse) -> None:
    member = Member(house.test)
    wrong = {"name": "", "fields": "date, gmvv", "zone": "Mars", "spreadsheet": "my sheet"}
    answer = member.post("/sheets/new", form(house, **wrong, mode="append", totals="yes"))
    page = text_of(answer.text)
    assert answer.status_code == 422
    assert "There is no field called 'gmvv'. Did you mean gmv" in page
    assert "There is no time zone called 'Mars'" in page
    assert "Copy the spreadsheet's address from the browser" in page
    assert 'value="Mars"' in answer.text
    assert house.exporting.exports.of_workspace("default") == []


def test_a_name_or_a_tab_is_given_once(house: ExportHouse) -> None:
    member = Member(house.test)
    made(house, member)
    answer = member.post("/sheets/new", form(house, tab="Other"))
    assert "There is an export called Sales already." in text_of(answer.text)
    answer = member.post("/sheets/new", form(house, name="Other", tab="SALES"))
    assert "Another export writes to the tab SALES" in text_of(answer.text)


def test_an_export_is_changed_and_written_anew(house: ExportHouse) -> None:
    member = Member(house.test)
    address = made(house, member)
    house.work()
    answer = member.post(f"{address}/edit", form(house, fields="date, gmv", tab="Sales"))
    assert answer.status_code == 303
    house.work()
    assert "Fields Date, GMV" in text_of(member.page(address))
    (export,) = house.exporting.exports.of_workspace("default")
    assert export.state == "ok", export.message


def test_it_can_be_left_alone_and_removed(house: ExportHouse) -> None:
    member = Member(house.test)
    address = made(house, member, schedule="daily")
    house.work()
    (export,) = house.exporting.exports.of_workspace("default")
    assert export.next_at is not None
    member.post(f"{address}/pause", {"on": "no"}, address)
    assert house.again(export).next_at is None
    assert "Off" in text_of(member.page("/sheets"))
    member.post(f"{address}/pause", {"on": "yes"}, address)
    assert house.again(export).next_at == export.next_at
    member.post(f"{address}/remove", {}, address)
    assert house.exporting.exports.of_workspace("default") == []
    assert house.exporting.spreadsheets.of_workspace("default") == []
    assert [46235, 33.75, 2] in house.look("Sales")


def test_another_workspace_sees_none_of_it(house: ExportHouse) -> None:
    house.test.here.accounts.ensure_workspace("other", "Other")
    address = made(house, Member(house.test))
    other = Member(house.test, "other")
    assert other.get(address).status_code == 404
    assert "Sales" not in text_of(other.page("/sheets"))
    answer = other.post(f"{address}/refresh", {}, "/sheets/new")
    assert answer.status_code == 404
    house.test.shop(HandMadeShop("333", "Elsewhere", "US"), "other")
    answer = other.post("/sheets/new", form(house, about="333"), "/sheets/new")
    assert "Another workspace of this installation writes to this spreadsheet" in text_of(
        answer.text
    )


def test_a_viewer_looks_and_changes_nothing(house: ExportHouse) -> None:
    address = made(house, Member(house.test))
    viewer = Member(house.test)
    with house.test.here.accounts.database.writing() as connection:
        connection.exec_driver_sql("UPDATE members SET role = ?", (VIEWER,))
    assert "Refresh now" not in viewer.page(address)
    assert viewer.get("/sheets/new").status_code == 403


# --- a person's own Google account ----------------------------------------------------------------


class Google:
    """Google's endpoints for tokens and keys. `told` changes what a code is exchanged for."""

    def __init__(self, **told: Any) -> None:
        self.told = told
        self.forms: list[dict[str, list[str]]] = []

    def __call__(self, url: str, method: str = "GET", **wish: Any) -> Reply:
        if url != TOKEN_URL:
            return Reply(200, json.dumps({"key-1": public_key()}).encode())
        self.forms.append(parse_qs(wish["body"].decode()))
        now = int(time.time())
        claims = {
            "iss": "https://accounts.google.com",
            "aud": CLIENT_ID,
            "email": ANA,
            "email_verified": True,
            "iat": now - 5,
            "exp": now + 3600,
        }
        told = {
            "refresh_token": "anas",
            "scope": "openid email https://www.googleapis.com/auth/drive.file",
            "id_token": signed(claims),
            **self.told,
        }
        return Reply(200, json.dumps(told).encode())


def signs_in(house: ExportHouse, member: Member, google: Google) -> Any:
    """Through Google and back; gives the answer of the page that Google leads to."""
    house.sheets.drive_sign_in._ask = google  # type: ignore[union-attr]
    link = member.get("/sheets/google/start").headers["Location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert asked["redirect_uri"] == "http://127.0.0.1:8080/sheets/google/callback"
    assert (asked["access_type"], asked["code_challenge_method"]) == ("offline", "S256")
    assert "drive.file" in asked["scope"]
    assert "spreadsheets" not in asked["scope"]
    answer = member.get("/sheets/google/callback", code="code-1", state=asked["state"])
    if google.forms:
        sent = {name: values[0] for name, values in google.forms[-1].items()}
        made = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(made).decode().rstrip("=") == asked["code_challenge"]
    return answer


def test_a_new_spreadsheet_is_made_in_the_drive_of_who_signed_in(house: ExportHouse) -> None:
    member = Member(house.test)
    answer = signs_in(house, member, Google())
    (grant,) = house.exporting.spreadsheets.grants("default")
    assert (grant.email, answer.headers["Location"]) == (
        ANA,
        f"/sheets/new?where=new:{grant.id}",
    )
    made(house, member, where=f"new:{grant.id}", spreadsheet="")
    house.work()
    (export,) = house.exporting.exports.of_workspace("default")
    assert export.state == "ok", export.message
    assert export.spreadsheet_id != house.book_id
    assert house.emulator.files[export.spreadsheet_id].role_of(ANA) == "owner"
    assert {seen.user for seen in house.emulator.seen} == {ANA}


def test_a_mistake_in_the_form_leaves_no_spreadsheet_behind(house: ExportHouse) -> None:
    member = Member(house.test)
    signs_in(house, member, Google())
    (grant,) = house.exporting.spreadsheets.grants("default")
    answer = member.post("/sheets/new", form(house, where=f"new:{grant.id}", fields="nothing"))
    assert answer.status_code == 422
    assert house.emulator.seen == []


def test_the_token_is_sealed_and_belongs_to_its_workspace(house: ExportHouse) -> None:
    signs_in(house, Member(house.test), Google(refresh_token="token-canary-1"))
    (grant,) = house.exporting.spreadsheets.grants("default")
    assert house.exporting.spreadsheets.refresh_token("default", grant.id) == "token-canary-1"
    files = house.test.here.folder.root.glob("accounts.sqlite*")
    assert not any(b"token-canary-1" in path.read_bytes() for path in files)
    house.test.here.accounts.ensure_workspace("other", "Other")
    with pytest.raises(BadRequest, match="no such Google account"):
        house.exporting.spreadsheets.refresh_token("other", grant.id)


def test_a_state_works_once_and_in_its_own_browser(house: ExportHouse) -> None:
    member, stranger = Member(house.test), Member(house.test)
    house.sheets.drive_sign_in._ask = Google()  # type: ignore[union-attr]
    link = member.get("/sheets/google/start").headers["Location"]
    state = parse_qs(urlsplit(link).query)["state"][0]
    answers = [
        who.get("/sheets/google/callback", code="code-1", state=state)
        for who in (stranger, member, member)
    ]
    assert [answer.status_code for answer in answers] == [400, 303, 400]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"scope": "openid email"}, "leave the box beside it ticked"),
        ({"refresh_token": None}, "access for an hour only"),
        ({"id_token": "a.b.c"}, "did not confirm the sign-in"),
    ],
)
def test_less_than_was_asked_for_is_refused(
    house: ExportHouse, told: dict[str, Any], said: str
) -> None:
    answer = signs_in(house, Member(house.test), Google(**told))
    assert said in text_of(answer.text)
    assert house.exporting.spreadsheets.grants("default") == []


def test_a_forgotten_sign_in_stops_its_exports_with_a_sentence(house: ExportHouse) -> None:
    member = Member(house.test)
    signs_in(house, member, Google())
    (grant,) = house.exporting.spreadsheets.grants("default")
    export = house.create()
    house.exporting.spreadsheets.add("default", house.book_id, grant_id=grant.id)
    member.post(f"/sheets/google/{grant.id}/forget", {}, "/sheets")
    run = house.refresh(export)
    assert (run.state, house.again(export).state) == ("failed", "failed")
    assert f"Google no longer lets us write as {ANA}" in run.message


# --- the key of the menu in a spreadsheet ---------------------------------------------------------


def menu_key(house: ExportHouse, member: Member) -> str:
    """The bare key of the line that the page shows once."""
    page = member.post(f"/sheets/books/{house.book_id}/key", {}, "/sheets").text
    line = page.partition('<code id="bare-key">')[2].partition("</code>")[0]
    address, _, key = line.partition("#")
    assert address == "http://127.0.0.1:8080"
    return key


def ask(house: ExportHouse, key: str) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    return house.test.app.test_client().post("/sheets/refresh", headers=headers)


def test_a_refresh_key_has_its_spreadsheet_refreshed_and_nothing_else(house: ExportHouse) -> None:
    member = Member(house.test)
    made(house, member)
    house.work()
    key = menu_key(house, member)
    answers = [ask(house, key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert answers[0].get_json() == {"refreshing": 1}
    (export,) = house.exporting.exports.of_workspace("default")
    # However often it is asked for, once a minute is enough.
    assert [run.state for run in house.exporting.runs(export)] == ["done"]
    house.clock.instant += 60
    assert [ask(house, key).status_code for _ in range(2)] == [202, 202]
    assert [run.state for run in house.exporting.runs(export)] == ["pending", "done"]
    headers = {"Authorization": f"Bearer {key}"}
    client = house.test.app.test_client()
    rows = "/connector/v1/rows.csv?shops=all&fields=gmv"
    assert client.get(rows, headers=headers).status_code == 403
    assert ask(house, house.test.key).status_code == 403
    assert ask(house, "tts_wrong").status_code == 401


def test_a_new_refresh_key_ends_the_one_before(house: ExportHouse) -> None:
    member = Member(house.test)
    made(house, member)
    first, second = menu_key(house, member), menu_key(house, member)
    assert ask(house, first).status_code == 401
    assert ask(house, second).status_code == 202


def test_the_import_history_is_about_imports(house: ExportHouse) -> None:
    house.refresh(house.create())
    page = text_of(Member(house.test).page("/history"))
    assert "Nothing has been imported yet." in page
