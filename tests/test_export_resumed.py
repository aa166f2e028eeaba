"""A worker dies after the write and before it has said so; the data has changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from store.exports import Export
from tests.answering import at
from tests.exporting import ExportHouse, cells, export_house

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    with export_house(tmp_path_factory.mktemp("resumed")) as made:
        yield made


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    return built


class Killed(BaseException):
    """The process ends here."""


def killed_after_the_write(
    house: ExportHouse, export: Export, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The id of the run that is left behind."""

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    asked = house.exporting.refresh(export)
    with monkeypatch.context() as patch:
        patch.setattr(type(house.exporting.exports), "succeeded", die)
        with pytest.raises(Killed):
            house.work()
    return asked.id


def order_c_becomes(house: ExportHouse, status: str, when: str) -> None:
    test = house.test
    shop = test.here.accounts.workspace("default").shop("111")
    order = {"order_id": "C", "order_key": 3, "create_time": at("2026-08-02 12:00")}
    test.write(shop, "orders", [{**order, "update_time": at(when), "status": status}])
    test.publish(shop)


def of_order_c(house: ExportHouse) -> list[str]:
    rows = cells(house.look("Sales"), "Order ID")
    return [row[1] for row in rows if row[0] == "C"]


@pytest.mark.parametrize(
    ("mode", "status", "when"),
    [
        ("replace", "COMPLETED", "2026-08-20 12:30"),
        ("upsert", "DELIVERED", "2026-08-20 12:45"),
    ],
)
def test_a_run_that_goes_on_writes_what_is_true_now(
    house: ExportHouse, monkeypatch: pytest.MonkeyPatch, mode: str, status: str, when: str
) -> None:
    export = house.create(fields="order_id,order_status,gmv", mode=mode)
    run_id = killed_after_the_write(house, export, monkeypatch)
    assert len(of_order_c(house)) == 1
    assert of_order_c(house) != [status]
    order_c_becomes(house, status, when)
    house.clock.instant += 300
    house.work()
    assert house.test.here.ledger.run(run_id).state == "done"
    assert of_order_c(house) == [status]
    assert house.again(export).content != ""


def test_a_snapshot_of_before_is_not_taken_for_one_of_now(
    house: ExportHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = house.create(fields="product_name,gmv", mode="append")
    run_id = killed_after_the_write(house, export, monkeypatch)
    house.clock.instant += 300
    house.work()
    run = house.test.here.ledger.run(run_id)
    assert (run.state, run.message) == ("done", "The rows had been written before it went on.")
    assert house.again(export).content == ""
    assert len(cells(house.look("Sales"), "Snapshot")) == 3
