"""Which shops a spreadsheet may show is decided by a member, and only a member decides anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from store.accounts import Limit
from tests.answering import HandMadeShop
from tests.exporting import ExportHouse, export_house, status
from tests.reporting import Member, text_of
from tests.test_export_settings import SALES, begin, exports, read, write

pytestmark = pytest.mark.slow

AURORA = Limit(shop_ids=("111",))
EVERY_SHOP = {**SALES, "Shops": "all"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    with export_house(tmp_path_factory.mktemp("limits")) as made:
        made.test.shop(HandMadeShop("222", "Borealis", "GB"))
        yield made


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    built.exporting.spreadsheets.add("default", built.book_id)
    return built


def press(house: ExportHouse, **form: str) -> int:
    """The status of what the form of the tab _settings answers."""
    answer = Member(house.test).post(f"/sheets/books/{house.book_id}/settings", form, "/sheets")
    return answer.status_code


def limit(house: ExportHouse) -> Limit:
    return house.exporting.spreadsheets.one("default", house.book_id).limit


def next_day(house: ExportHouse) -> None:
    house.clock.instant += 86_400
    house.look_again()
    house.clock.instant += 200
    house.work()


def test_all_shops_of_a_limited_tab_are_those_of_the_limit(house: ExportHouse) -> None:
    begin(house, AURORA)
    write(house, EVERY_SHOP)
    read(house)
    assert exports(house)["Sales"].report["shops"] == "Aurora US"
    assert status(house.look("Sales"))["Shops"] == "Aurora US"


def test_a_tab_that_is_no_longer_read_keeps_its_limit(house: ExportHouse) -> None:
    begin(house, AURORA)
    write(house, EVERY_SHOP)
    read(house)
    assert press(house, reads="no") == 303
    assert limit(house) == AURORA
    next_day(house)
    export = exports(house)["Sales"]
    assert export.succeeded_at == house.clock.now()
    assert export.report["shops"] == "Aurora US"


def test_reading_it_again_wants_the_shops_named(house: ExportHouse) -> None:
    begin(house, AURORA)
    assert press(house, reads="no") == 303
    assert press(house, reads="yes") == 400
    assert press(house, reads="yes", shows="") == 400
    assert limit(house) == AURORA
    assert press(house, reads="yes", shows="all") == 303
    assert limit(house) == Limit()


@pytest.mark.parametrize("shop_id", ["222", "333"])
def test_the_form_offers_the_limit_that_was_there(house: ExportHouse, shop_id: str) -> None:
    """Also that of a shop which is gone, so that saving the form opens nothing."""
    begin(house, Limit(shop_ids=(shop_id,)))
    assert press(house, reads="no") == 303
    page = Member(house.test).page("/sheets")
    assert f'<option value="{shop_id}" selected>' in page
    assert page.count(" selected>") == 1


def test_exports_of_a_tab_that_is_not_read_can_be_stopped(house: ExportHouse) -> None:
    begin(house, AURORA)
    write(house, EVERY_SHOP)
    read(house)
    member, export = Member(house.test), exports(house)["Sales"]
    answer = member.post(f"/sheets/{export.id}/pause", {"on": "no"}, "/sheets")
    assert "changed in the tab _settings" in text_of(answer.text)
    address = f"/sheets/{export.id}"
    assert "Leave it alone" not in member.page(address)
    press(house, reads="no")
    assert "Leave it alone" in member.page(address)
    member.post(f"/sheets/{export.id}/pause", {"on": "no"}, f"/sheets/{export.id}")
    assert house.again(export).is_paused
    assert member.get(f"/sheets/{export.id}/edit").status_code == 400
    member.post(f"/sheets/{export.id}/remove", {}, "/sheets")
    assert exports(house) == {}


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        ({"shops": "111"}, '"$"#,##0.00'),
        ({"shops": "all", "currency": "usd"}, '"$"#,##0.00'),
        # Dollars and pounds: an amount without its currency has no sign.
        ({"shops": "all", "fields": "currency,gmv"}, "#,##0.00"),
    ],
)
def test_amounts_have_the_sign_of_their_currency_where_there_is_one(
    house: ExportHouse, texts: dict[str, str], pattern: str
) -> None:
    seen = house.exporting.preview("default", {"fields": "date,gmv", **texts})
    assert [column.number_format.pattern for column in seen.table.columns][1:] == [pattern]


def test_who_edits_the_spreadsheet_refreshes_nothing_that_is_off(house: ExportHouse) -> None:
    on, off = house.create(), house.create(name="Off")
    house.exporting.pause(off)
    asked = house.exporting.refresh_spreadsheet("default", house.book_id)
    assert [run.parameters["export"] for run in asked] == [on.id]
    assert house.exporting.runs(off) == []
