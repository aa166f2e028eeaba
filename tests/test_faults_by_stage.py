"""Whatever TikTok's answers are like, in whichever stage: afterwards the tables are those of an
undisturbed import (quality: B1 to B15; pictures, B16, are in `test_images`).

Every case reads one family of data. The fault strikes each of its calls at the first time, at the
first page after a first one, and at the last time; then the import goes on until it is done.
"""

from __future__ import annotations

import io
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from backfill.run import Outcome
from backfill.windows import floor_of
from catalogue.tables import TABLES
from sample_shop.adapter import SampleShopAdapter
from sample_shop.answers import Request
from sample_shop.faults import FaultScript, read_script
from sample_shop.gateway import Gateway
from sample_shop.server import Simulator
from sample_shop.world import World, seeded_world
from tests.importing import NOW, ShopUnderTest, digests
from tests.test_import_crash import shorter
from tiktok_shop.endpoints import ENDPOINTS

pytestmark = pytest.mark.slow

#: A family: the word for its data.
FAMILIES = ("orders", "products", "finance", "analytics")
DAYS = 3
#: No answer of these shops comes near it.
LARGEST_BODY = 300_000

#: Each kind of fault with what is particular to it.
ONCE: dict[str, dict[str, Any]] = {
    "B1 429 and a time to wait": {"kind": "error", "status": 429, "retry_after": 7},
    "B1 429 and none": {"kind": "error", "status": 429},
    "B1 throttled, as HTTP 200": {"kind": "error", "status": 200},
    "B2 500": {"kind": "http", "status": 500},
    "B2 502": {"kind": "http", "status": 502, "body": "<html>bad gateway</html>"},
    "B2 503": {"kind": "http", "status": 503, "retry_after": 3},
    "B2 internal error": {"kind": "error", "status": 500, "code": 36009003},
    "B2 took too long": {"kind": "error", "status": 408, "code": 36009007},
    "B3 no connection": {"kind": "drop"},
    "B4 no answer in time": {"kind": "hang"},
    "B5 half a body": {"kind": "cut"},
    "B5 gzip cut off in the middle": {"kind": "gzip_cut"},
    "B6 malformed": {"kind": "malformed"},
    "B6 HTML": {"kind": "html"},
    "B6 empty": {"kind": "empty"},
    "B6 null": {"kind": "null"},
    "B6 byte order mark": {"kind": "bom"},
    "B6 NaN": {"kind": "nan"},
    "B6 no UTF-8": {"kind": "not_utf8"},
    "B6 a key twice": {"kind": "duplicate_keys"},
    "B6 deep": {"kind": "deep", "levels": 100_000},
    "B7 huge": {"kind": "huge", "megabytes": 0.4},
    "B8 an error beside data": {"kind": "error_with_data"},
    "B14 counted too many": {"kind": "total_off"},
    "B15 redirect": {"kind": "redirect"},
    "C1 access expired": {"kind": "access_expired"},
}
#: Of lists that have a second page.
OF_LISTS: dict[str, dict[str, Any]] = {
    "B10 the page before": {"kind": "repeat_page"},
    "B10 the rows of the page before": {"kind": "repeat_rows"},
    "B10 a token that leads back": {"kind": "same_token"},
    "B11 expired page token": {"kind": "page_token_expired"},
    "B12 no end": {"kind": "endless"},
    "B12 an empty page in between": {"kind": "empty_page"},
}
#: What goes on until somebody clears it.
FOR_LONG: dict[str, dict[str, Any]] = {
    "B1 429 for ever": {"kind": "error", "status": 429},
    "B2 500 for ever": {"kind": "error", "status": 500, "code": 36009003},
    "B6 HTML for ever": {"kind": "html"},
}


class FaultyShop(BaseAdapter):
    """The simulator in this process, with its script of faults and those of the wire."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self.script = FaultScript()
        self.simulator = Simulator(gateway, self.script, "https://here.invalid/")
        self.paged: set[str] = set()

    def send(self, request: requests.PreparedRequest, *_args: Any, **_more: Any) -> Any:
        parts = urlsplit(request.url or "")
        query = dict(parse_qsl(parts.query))
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        body = request.body or b""
        assert isinstance(body, bytes)
        asked = Request(request.method or "GET", parts.path, query, headers, body)
        reply = self.simulator.reply(asked)
        if "page_token" in query:
            self.paged.add(self.simulator.ledger.since(0)[-1]["name"])
        kind = reply.fault.get("kind")
        if kind == "drop":
            raise requests.ConnectionError("the connection was closed")
        if kind == "hang":
            raise requests.ReadTimeout("no byte came")
        response = requests.Response()
        response.status_code = reply.status
        response.headers = CaseInsensitiveDict(reply.headers)
        response.raw = BrokenOff(reply.body) if kind == "cut" else io.BytesIO(reply.body)
        if "Content-Encoding" in reply.headers:
            response.raw = HTTPResponse(
                response.raw, headers=dict(reply.headers), preload_content=False
            )
        return response

    def close(self) -> None:
        """Nothing is held open."""

    def calls(self) -> Counter[str]:
        return Counter(str(entry["name"]) for entry in self.simulator.ledger.since(0))


class BrokenOff(io.BytesIO):
    """Half of the bytes come, and then the connection breaks off."""

    def read(self, size: int | None = -1, /) -> bytes:
        half = len(self.getbuffer()) // 2 + 1
        if self.tell() >= half:
            raise ConnectionResetError("in the middle of the body")
        return super().read(half)


class House:
    """An import of one family, as often as it takes."""

    def __init__(self, folder: Path, world: World) -> None:
        self.path = folder / "records.sqlite"
        self.shop = ShopUnderTest(folder, world)
        simulator = self.shop.between.behind
        assert isinstance(simulator, SampleShopAdapter)
        self.faulty = FaultyShop(simulator.gateway)
        self.shop.between.behind = self.faulty
        transport = self.shop.client._transport
        transport._bounds = replace(transport._bounds, max_body_bytes=LARGEST_BODY)

    def work(self, family: str, **more: Any) -> Outcome:
        return self.shop.work(data=[family], start=floor_of(NOW, DAYS), **more)

    def tables(self) -> dict[str, str]:
        return digests(self.path)


@dataclass(frozen=True)
class Undisturbed:
    """`calls`: how many of each name, `paged`: those of which a second page was asked for."""

    tables: dict[str, str]
    calls: Counter[str]
    paged: set[str]


@pytest.fixture(scope="module", autouse=True)
def several_pages_a_list() -> Iterator[None]:
    short = {name: shorter(endpoint) for name, endpoint in ENDPOINTS.items()}
    with pytest.MonkeyPatch.context() as patch:
        for module in ("fetch", "day_reading", "planning"):
            patch.setattr(f"backfill.{module}.ENDPOINTS", short)
        yield


@pytest.fixture(scope="module")
def world() -> World:
    return seeded_world(7, 60, 14, now=NOW, products=5, wall=lambda: NOW)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, world: World) -> dict[str, Undisturbed]:
    found = {}
    for family in FAMILIES:
        house = House(tmp_path_factory.mktemp(family), world)
        assert house.work(family).state == "done"
        found[family] = Undisturbed(house.tables(), house.faulty.calls(), house.faulty.paged)
        house.shop.close()
    return found


@pytest.fixture
def house(tmp_path: Path, world: World) -> Iterator[House]:
    made = House(tmp_path, world)
    yield made
    made.shop.close()


#: When we read something, which a disturbance may well change.
_OURS = ("transactions_read_at", "skus_read_at", "first_listed_at")


def told(path: Path) -> dict[str, list[Any]]:
    """What TikTok told, by table."""
    found: dict[str, list[Any]] = {}
    with closing(sqlite3.connect(path)) as connection:
        for table in TABLES.values():
            names = ", ".join(one.name for one in table.columns if one.name not in _OURS)
            rows = connection.execute(f"SELECT {names} FROM {table.name}").fetchall()
            found[table.name] = sorted(rows, key=repr)
    return found


def rules(fault: dict[str, Any], whole: Undisturbed, names: Sequence[str]) -> list[dict[str, Any]]:
    """At the first call of each name, at the first page that is not a first one, at the last."""
    made = []
    for name in names:
        made.append({"endpoint": name, "nth": 1, "fault": fault})
        made.append(_at_the_second_page(fault, name))
        made.append({"endpoint": name, "nth": whole.calls[name], "fault": fault})
    return made


def _at_the_second_page(fault: dict[str, Any], name: str) -> dict[str, Any]:
    return {"endpoint": name, "nth": 1, "paged": True, "fault": fault}


def until_done(house: House, family: str, tries: int, **more: Any) -> list[str]:
    """The states in which the run was left, the last one `done`."""
    states = []
    for _ in range(tries):
        states.append(house.work(family, **more).state)
        if states[-1] == "done":
            return states
    raise AssertionError(states)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_calls_of_several_pages(
    family: str, undisturbed: dict[str, Undisturbed]
) -> None:
    """Else there would be nothing to disturb."""
    assert undisturbed[family].paged
    assert sum(undisturbed[family].calls.values()) >= 10


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("fault", ONCE)
def test_a_fault_in_any_call_costs_nothing_but_time(
    fault: str, family: str, house: House, undisturbed: dict[str, Undisturbed]
) -> None:
    whole = undisturbed[family]
    house.faulty.script.replace(read_script(rules(ONCE[fault], whole, list(whole.calls))))
    until_done(house, family, 12)
    struck = [one["fault"] for one in house.faulty.simulator.ledger.since(0) if one["fault"]]
    assert len(struck) >= len(whole.calls), "in every call of the family"
    assert house.tables() == whole.tables


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("fault", OF_LISTS)
def test_a_list_that_makes_no_sense_is_read_until_it_does(
    fault: str, family: str, house: House, undisturbed: dict[str, Undisturbed]
) -> None:
    """One call at a time: what came before is a page of the same list. (Rows of TikTok's figures do
    not say of which day they are, so that a page of another day could not be told.)"""
    whole = undisturbed[family]
    script = [_at_the_second_page(OF_LISTS[fault], name) for name in sorted(whole.paged)]
    house.faulty.script.replace(read_script(script))
    until_done(house, family, 12, in_flight=1)
    struck = [one["name"] for one in house.faulty.simulator.ledger.since(0) if one["fault"]]
    assert set(struck) == whole.paged
    assert house.tables() == whole.tables


@pytest.mark.parametrize("family", FAMILIES)
def test_what_moves_while_it_is_listed_is_not_lost(
    family: str, tmp_path: Path, undisturbed: dict[str, Undisturbed]
) -> None:
    """B13. The shop goes on for three hours before each second page: orders come, others change
    and move to another place of the list. After the next sync
    it is as if the shop had stood still."""
    houses = []
    for name in ("moving", "standing"):
        (tmp_path / name).mkdir()
        of_its_own = seeded_world(7, 60, 14, now=NOW, products=5, wall=lambda: NOW)
        houses.append(House(tmp_path / name, of_its_own))
    moving, standing = houses
    paged = sorted(undisturbed[family].paged)
    shift = {"kind": "shift", "seconds": 3 * 3_600}
    script = [_at_the_second_page(shift, name) for name in paged]
    moving.faulty.script.replace(read_script(script))
    until_done(moving, family, 12)
    until_done(standing, family, 1)
    moved = [one["name"] for one in moving.faulty.simulator.ledger.since(0) if one["fault"]]
    assert sorted(set(moved)) == paged
    later = NOW + len(moved) * 3 * 3_600
    for house in houses:
        house.faulty.script.replace([])
        shop = house.shop
        shop.world.clock.set_to(later)
        shop.clock.instant = float(later)
        shop.access.token = shop.simulator.gateway.office.exchange().access
        synced = shop.work(data=[family], lane="forward", start=None, began_at=later)
        assert synced.state == "done"
    assert told(moving.path) == told(standing.path)
    for house in houses:
        house.shop.close()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("fault", FOR_LONG)
def test_what_does_not_pass_makes_the_run_wait_and_then_go_on(
    fault: str, family: str, house: House, undisturbed: dict[str, Undisturbed]
) -> None:
    """From the sixth call on."""
    whole = undisturbed[family]
    script = [{"endpoint": "*", "nth": [6, 100_000], "fault": FOR_LONG[fault]}]
    house.faulty.script.replace(read_script(script))
    waiting = house.work(family)
    assert (waiting.state, waiting.not_before > house.shop.clock.now()) == ("waiting", True)
    states = {one.state for one in house.shop.records.progress().values()}
    assert "waiting" in states
    assert states <= {"done", "waiting", "pending"}
    house.faulty.script.replace([])
    assert until_done(house, family, 1) == ["done"]
    assert house.tables() == whole.tables


@pytest.mark.parametrize("family", FAMILIES)
def test_a_code_that_nobody_knows_fails_its_stage_until_another_run(
    family: str, house: House, undisturbed: dict[str, Undisturbed], tmp_path: Path, world: World
) -> None:
    """B9. What one run could not have is asked for by the next."""
    whole = undisturbed[family]
    odd = {"kind": "error", "status": 400, "code": 99_999_999, "message": "Something new"}
    script = [{"endpoint": name, "nth": 1, "fault": odd} for name in whole.calls]
    house.faulty.script.replace(read_script(script))
    house.work(family)
    (tmp_path / "other").mkdir()
    other = House(tmp_path / "other", world)
    other.work(family)
    for one in (house, other):
        one.faulty.script.replace([])
        one.shop.clock.instant += 3_600.0
        assert one.work(family, began_at=NOW + 3_600).state == "done"
    assert told(house.path) == told(other.path)
    other.shop.close()
