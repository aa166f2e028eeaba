"""What Looker Studio computes from our rows is what we would have answered.

It adds up the rows of a re-aggregatable metric, and works a formula field out from sums of other
fields. Asked of a shop of the simulator, imported whole, for every such field over dimensions of
every kind: the sum of the fine answer is the coarse answer.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from backfill.stages import DATA
from catalogue.field import Aggregate, Count, Dimension, Metric
from catalogue.fields import FIELDS, aggregates
from connector.plan import plan
from connector.reach import fact_for
from connector.request import parse
from connector.schema import looker_field
from connector.select import ShopScope
from store.engine import Engine
from store.segments import Manifest
from tests.importing import NOW, ShopUnderTest
from tests.planning import answered, body

pytestmark = pytest.mark.slow

TODAY = dt.datetime.fromtimestamp(NOW, dt.UTC).date()
SHOP = ShopScope(
    "749", "Test Shop 1", "US", "LOCAL", ("USD",), "America/New_York", "America/Chicago", TODAY
)
#: Whole days of what is imported: on others a day is empty and the whole shows what is there.
DAYS = (str(TODAY - dt.timedelta(days=9)), str(TODAY))
#: One of every kind of place that a dimension can be in, and every way to cut the time.
OVER = (
    *("date", "hour", "week_iso", "paid_date", "order_status", "is_paid", "money_state"),
    *("order_id", "warehouse_name", "product_id", "product_title", "sku_id", "line_status"),
    *("return_status", "cancel_status", "currency", "statement_id", "payout_status"),
    *("video_id", "live_id"),
)
#: Counted in no fact of their own: rows may share an order.
SHARED = {"sku_orders", "external_orders"}
#: Settled beside the SKUs: adjustments and reserves of the shop.
BESIDE_SKUS = {"tx_settlement", "settlement_rate"}
_SUMMED = re.compile(r"SUM\((\w+)\)")

Rows = list[dict[str, Any]]


class Imported:
    def __init__(self, manifest: Manifest, engine: Engine) -> None:
        self._manifest = manifest
        self._engine = engine
        self._whole: dict[tuple[str, str], Any] = {}

    def rows(self, names: Sequence[str], order_date: str = "created") -> Rows:
        asked = parse(body(*names, days=DAYS, configParams={"order_date": order_date}))
        made = plan(asked, [SHOP], TODAY, known={"749": self._manifest.coverage})
        rows = answered(made, {"749": self._manifest}, self._engine)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def whole(self, names: Sequence[str], over: str) -> dict[str, Any]:
        """Without the dimension. Paid Date, where it stands alone, means the range."""
        order_date = "paid" if over == "paid_date" else "created"
        unknown = [name for name in names if (order_date, name) not in self._whole]
        if unknown:
            (row,) = self.rows(unknown, order_date)
            self._whole |= {(order_date, name): value for name, value in row.items()}
        return {name: self._whole[order_date, name] for name in names}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    folder = tmp_path_factory.mktemp("arithmetic")
    shop = ShopUnderTest(folder, columns=True)
    calls = {"statement_transaction_skus": 10_000, "external_orders": 10_000}
    assert shop.work(data=list(DATA), daily_calls=calls, in_flight=1).state == "done"
    shop.columns.publish(force=True)
    engine = Engine()
    yield Imported(shop.columns.manifest(), engine)
    engine.close()
    shop.close()


def aggregation(name: str) -> str:
    return str(looker_field(FIELDS[name], "USD").get("defaultAggregationType", ""))


def formula(name: str) -> str:
    field = FIELDS[name]
    return str(looker_field(field).get("formula", "")) if isinstance(field, Metric) else ""


def adds_up(name: str, over: str) -> bool:
    """Whether the metric can be shown by the dimension and its rows add up: a thing that is counted
    in a fact of its parts may be in several rows."""
    metric, dimension = FIELDS[name], FIELDS[over]
    assert isinstance(metric, Metric)
    assert isinstance(dimension, Dimension)
    if name in BESIDE_SKUS and over in ("product_id", "product_title", "sku_id"):
        return False
    return all(_is_in_one_row(part, dimension) for part in aggregates(metric))


def _is_in_one_row(part: Aggregate, over: Dimension) -> bool:
    fact = fact_for(part, [over])
    if fact is None:
        return False
    return not isinstance(part, Count) or part.on[fact.name] == "*"


REAGGREGATED = sorted(name for name in FIELDS if aggregation(name))
FORMULAS = sorted(name for name in FIELDS if formula(name))


def test_every_reaggregatable_metric_and_every_formula_is_tried() -> None:
    tried = {name for name in REAGGREGATED for over in OVER if adds_up(name, over)}
    assert set(REAGGREGATED) - tried == SHARED
    assert all(any(adds_up(name, over) for over in OVER) for name in FORMULAS)


def together_in_an_answer(names: Sequence[str], over: str) -> list[list[str]]:
    """Those that are read from the same facts share a request."""
    groups: dict[tuple[str, ...], list[str]] = {}
    dimension = FIELDS[over]
    assert isinstance(dimension, Dimension)
    for name in names:
        metric = FIELDS[name]
        assert isinstance(metric, Metric)
        read = [fact for part in aggregates(metric) if (fact := fact_for(part, [dimension]))]
        groups.setdefault(tuple(sorted({fact.name for fact in read})), []).append(name)
    return list(groups.values())


@pytest.mark.parametrize("over", OVER)
def test_the_rows_of_a_metric_add_up_to_the_whole(imported: Imported, over: str) -> None:
    wrong = {}
    shown = [name for name in REAGGREGATED if adds_up(name, over)]
    for names in together_in_an_answer(shown, over):
        whole = imported.whole(names, over)
        rows = imported.rows([over, *names])
        for name in names:
            sum_of_rows = _together(aggregation(name), [row[name] for row in rows])
            if not is_close(sum_of_rows, whole[name]):
                wrong[name] = (sum_of_rows, whole[name])
    assert wrong == {}


@pytest.mark.parametrize("over", ["date", "product_id", "order_status", "video_id", "live_id"])
def test_a_formula_over_summed_inputs_is_the_ratio(imported: Imported, over: str) -> None:
    shown = [name for name in FORMULAS if adds_up(name, over)]
    for names in together_in_an_answer(shown, over):
        inputs = {name for ratio in names for name in _SUMMED.findall(formula(ratio))}
        asked = sorted({*names, *inputs})
        whole = imported.whole(asked, over)
        rows = imported.rows([over, *asked])
        sums = {name: _together("SUM", [row[name] for row in rows]) for name in inputs}
        for row, known in ((sums, whole), *zip(rows, rows, strict=True)):
            wrong = {
                name: (worked_out(formula(name), row), known[name])
                for name in names
                if not is_close(worked_out(formula(name), row), known[name])
            }
            assert wrong == {}


def is_close(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool(abs(one - float(other)) <= 1e-6 + 1e-9 * abs(one))


def _together(kind: str, values: Sequence[Any]) -> Any:
    """As Looker does: nulls do not count, and of nothing comes null."""
    # A duration is text to Looker Studio.
    told = [float(value) for value in values if value is not None]
    if not told:
        return None
    return max(told) if kind == "MAX" else sum(told)


def worked_out(made: str, row: Mapping[str, Any]) -> float | None:
    """`a * SUM(x) / NULLIF(SUM(y), 0) / b` for one row, or for sums."""
    top, bottom = (row[name] for name in _SUMMED.findall(made))
    if top is None or not bottom:
        return None
    before, _, rest = made.partition("SUM(")
    factor = float(before.strip(" *")) if before else 1.0
    _, _, divisor = rest.partition(", 0)")
    return factor * float(top) / float(bottom) / (float(divisor.strip(" /")) if divisor else 1.0)
