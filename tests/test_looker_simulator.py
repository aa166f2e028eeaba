"""What Looker Studio makes of our rows is the truth: grouped once more, summed, rolled up, worked
out by formula, split into requests of 20 fields, with totals below. The truth is computed by brute
force from TikTok's payloads (`benchmarks.oracle`). Connectors that are known to go wrong go wrong
here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from benchmarks.bench_correctness import payloads_of
from benchmarks.oracle import answer, goes_with
from benchmarks.oracle_facts import Facts
from benchmarks.oracle_fields import DIMENSIONS
from benchmarks.oracle_metrics import METRICS
from benchmarks.product import Simulator
from sample_shop.adapter import SampleShopAdapter
from sample_shop.control import rows_of
from sample_shop.world import World
from tests.answering import Answering
from tests.looker import MOST_FIELDS, Ask, CannotAggregate, Group, Looker, Row
from tests.sample_account import NOW, sample_account

pytestmark = pytest.mark.slow

CONFIG = {"shops": "sample"}
DAYS = ("2026-08-10", "2026-09-11")
#: For all metrics at once; brute force takes its time.
LAST_DAYS = ("2026-09-04", "2026-09-11")
BY_DAY = frozenset({DIMENSIONS["date"].reads})
#: What is read on request only, and concluded figures, which the oracle does not know.
NOT_READ = ("pd_", "ska_", "external_orders", "settled_units")


class Rows:
    """The simulated TikTok's payloads, in this process, and what it was asked for."""

    def __init__(self, world: World, paths: Sequence[str]) -> None:
        self._gateway = SampleShopAdapter(world, wall=lambda: NOW).gateway
        self._paths = paths

    def rows(self, name: str) -> list[dict[str, Any]]:
        return list(rows_of(self._gateway, name, None))

    def paths_asked(self, name: str) -> list[str]:
        return [path for path in self._paths if path.endswith(f"/{name}")]


@dataclass
class Both:
    """The connector and the truth."""

    ask: Ask
    facts: Facts
    days: tuple[str, str] = DAYS

    def looker(self, ask: Ask | None = None) -> Looker:
        return Looker(ask or self.ask, CONFIG, self.days)

    def truth(self, dimensions: Sequence[str], metrics: Sequence[str]) -> dict[Group, Row]:
        names = [*dimensions, *metrics]
        request = {
            "configParams": CONFIG,
            "dateRange": {"startDate": self.days[0], "endDate": self.days[1]},
            "fields": [{"name": name} for name in names],
        }
        found = answer(request, self.facts, NOW)
        rows = [dict(zip(names, row, strict=True)) for row in found.rows]
        return {
            tuple(str(row[name]) for name in dimensions): {
                name: None if row[name] is None else float(cast(float, row[name]))
                for name in metrics
            }
            for row in rows
        }


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with sample_account(tmp_path_factory.mktemp("looker")) as made:
        test = Answering(made.app, made.here, made.key)

        def ask(call: str, request: dict[str, Any]) -> dict[str, Any]:
            reply = test.post(call, request)
            assert reply.status_code == 200, reply.text
            return cast(dict[str, Any], reply.get_json())

        payloads = payloads_of(cast(Simulator, Rows(made.world, made.paths)))
        yield Both(ask, Facts(payloads))


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-6)


def same(shown: Mapping[Group, Row], truth: Mapping[Group, Row]) -> None:
    assert shown.keys() == truth.keys()
    for group, row in truth.items():
        assert shown[group] == {
            name: near(value) if value is not None else None for name, value in row.items()
        }, group


SALES = ["gmv", "orders", "items_sold", "avg_item_price", "discount_amount", "refund_total"]


@pytest.mark.parametrize(
    ("dimensions", "metrics"),
    [
        (["date"], [*SALES, "customers", "cancellation_rate", "avg_order_value"]),
        (["order_status", "payment_method_name"], ["gmv", "orders", "customers"]),
        (["product_id"], ["gmv", "orders", "items_sold", "products_sold", "net_revenue"]),
        (["week_iso"], ["gmv", "items_sold", "avg_item_price", "customers"]),
        (["return_reason"], ["returns", "refund_total"]),
        (["transaction_type"], ["tx_gross_sales", "tx_settlement", "take_rate"]),
        (["live_id"], ["live_gmv", "live_viewers", "live_duration", "live_peak_viewers"]),
        ([], ["gmv", "customers", "avg_item_price", "net_revenue", "return_rate"]),
    ],
)
def test_a_table_and_its_total_show_the_truth(
    both: Both, dimensions: list[str], metrics: list[str]
) -> None:
    looker = both.looker()
    same(looker.chart(dimensions, metrics), both.truth(dimensions, metrics))
    # Orders of several products stand in several rows; the field's description says so.
    adding_up = [one for one in metrics if (one, *dimensions) != ("orders", "product_id")]
    same({(): looker.total(dimensions, adding_up)}, both.truth([], adding_up))


@pytest.mark.parametrize(
    ("shown", "cut"),
    [("year_month", lambda day: day[:6]), ("year", lambda day: day[:4])],
)
def test_dates_that_looker_rolls_up_show_the_truth(
    both: Both, shown: str, cut: Callable[[str], str]
) -> None:
    rolled = both.looker().chart(["date"], SALES, {"date": cut})
    same(rolled, both.truth([shown], SALES))


def test_all_metrics_of_a_day_are_asked_for_twenty_fields_at_a_time(both: Both) -> None:
    both = replace(both, days=LAST_DAYS)
    looker = both.looker()
    published = [
        name
        for name, field in looker.schema.items()
        if name in METRICS and not field.get("isHidden") and not name.startswith(NOT_READ)
    ]
    by_day = [name for name in published if goes_with(name, BY_DAY)]
    assert len(by_day) > 150
    shown = looker.chart(["date"], by_day)
    # A day of which one request has nothing stays empty there, where one request would say 0. What
    # is not known is never 0.
    truth = both.truth(["date"], by_day)
    same(
        shown,
        {
            group: {
                name: None if value == 0 and shown[group][name] is None else value
                for name, value in row.items()
            }
            for group, row in truth.items()
        },
    )
    zeros = sum(value == 0 for row in truth.values() for value in row.values())
    left_empty = sum(
        value == 0 and shown[group][name] is None
        for group, row in truth.items()
        for name, value in row.items()
    )
    assert left_empty < zeros / 4
    asked = {part for name in by_day for part in looker.inputs(name)}
    assert looker.requests == -(-len(asked) // (MOST_FIELDS - 1)) > 8


def test_totals_of_all_metrics_that_add_up_are_the_truth(both: Both) -> None:
    both = replace(both, days=LAST_DAYS)
    looker = both.looker()
    adding_up = [
        name
        for name, field in looker.schema.items()
        if name in METRICS
        and not field.get("isHidden")
        and not name.startswith(NOT_READ)
        and ("formula" in field or field["semantics"].get("isReaggregatable"))
    ]
    by_day = [name for name in adding_up if goes_with(name, BY_DAY)]
    assert len(by_day) > 100
    same({(): looker.total(["date"], by_day)}, both.truth([], by_day))


def test_a_distinct_count_is_never_added_up(both: Both) -> None:
    with pytest.raises(CannotAggregate):
        both.looker().chart(["date"], ["customers"], {"date": lambda day: day[:6]})


# -- connectors that go wrong --------------------------------------------------------------------


def changed(
    ask: Ask,
    *,
    schema: Mapping[str, Mapping[str, Any]] | None = None,
    data: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]] = lambda request, reply: reply,
) -> Ask:
    """The connector with other declarations, or other replies to getData."""
    declared = schema or {}

    def asked(call: str, request: dict[str, Any]) -> dict[str, Any]:
        reply = ask(call, request)
        if call == "getData":
            return data(request, reply)
        return {"schema": [one | dict(declared.get(one["name"], {})) for one in reply["schema"]]}

    return asked


def summed(kind: str) -> dict[str, Any]:
    return {
        "semantics": {"conceptType": "METRIC", "semanticType": "NUMBER", "isReaggregatable": True},
        "defaultAggregationType": kind,
    }


def test_columns_in_another_order_than_asked_for_are_taken_for_each_other(both: Both) -> None:
    def shuffled(request: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
        order = sorted(range(len(reply["schema"])), key=lambda n: reply["schema"][n]["name"])
        return {
            "schema": [reply["schema"][n] for n in order],
            "rows": [{"values": [row["values"][n] for n in order]} for row in reply["rows"]],
        }

    names = ["items_sold", "gmv"]
    truth = both.truth(["order_status"], names)
    same(both.looker().chart(["order_status"], names), truth)
    wrong = both.looker(changed(both.ask, data=shuffled))
    with pytest.raises((AssertionError, ValueError)):
        same(wrong.chart(["order_status"], names), truth)


def test_distinct_counts_that_are_declared_as_sums_are_too_high(both: Both) -> None:
    wrong = both.looker(changed(both.ask, schema={"customers": summed("SUM")}))
    truth = both.truth([], ["customers"])[()]["customers"]
    assert both.looker().total(["date"], ["customers"])["customers"] == truth
    assert wrong.total(["date"], ["customers"])["customers"] > truth


def test_ratios_that_are_declared_as_averages_are_wrong(both: Both) -> None:
    declared = {"avg_order_value": summed("AVG")}
    wrong = both.looker(changed(both.ask, schema=declared))
    truth = both.truth([], ["avg_order_value"])[()]["avg_order_value"]
    ours = both.looker().total(["date"], ["avg_order_value"])["avg_order_value"]
    assert ours == near(truth)
    assert wrong.total(["date"], ["avg_order_value"])["avg_order_value"] != pytest.approx(
        truth, rel=1e-4
    )


def test_a_total_of_the_first_row_alone_is_wrong(both: Both) -> None:
    def first_row(request: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
        if len(request["fields"]) > 1:
            return reply
        by_day = both.ask("getData", {**request, "fields": [{"name": "date"}, *request["fields"]]})
        return {**reply, "rows": [{"values": by_day["rows"][0]["values"][1:]}]}

    truth = both.truth([], ["customers"])[()]["customers"]
    wrong = both.looker(changed(both.ask, data=first_row))
    assert wrong.total(["date"], ["customers"])["customers"] != truth
