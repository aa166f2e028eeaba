"""Random questions about four imported shops, against a brute-force computation over raw payloads.

The shops are the simulator's, each imported to another extent through the whole flow
(`tests.half_read_shops`); the computation (`benchmarks.oracle`) shares no code with ours. What
cannot be combined, added up or known yet must be refused, everything else must be equal to the
cent. In `make test` shops and questions are the same in every run; `make soak` makes up new ones.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from benchmarks.oracle import Answer, answer
from benchmarks.oracle_asked import CannotCombine, MixedCurrency, NotReady
from benchmarks.oracle_differences import differences
from tests.conftest import SOAK_SECONDS, SOAK_WHOLE
from tests.half_read_shops import SHOP_IDS, HalfRead, half_read
from tests.random_questions import KnownValues, asking, questions

#: 12 September 2026, 13:46:40 UTC.
NOW: Final = 1_789_220_800
#: What is refused, by what the oracle says about it: (status, code of the error).
REFUSALS: Final = {
    CannotCombine: (400, "incompatible_fields"),
    MixedCurrency: (400, "mixed_currency"),
    NotReady: (503, "not_ready"),
}
#: A question is short enough to be read as it was drawn; making it shorter would take minutes.
PHASES: Final = (Phase.explicit, Phase.reuse, Phase.generate)
#: In `make soak` so many at a time, again and again.
MOST: Final = 100 if SOAK_SECONDS else 300
#: Sellers that are asked about; a whole soak has several, each at another moment.
SELLERS: Final = 10 if SOAK_WHOLE else 1
SEEDS: Final = (
    [random.SystemRandom().randrange(10**6) for _ in range(SELLERS)] if SOAK_SECONDS else [11]
)


@pytest.fixture(scope="module", params=SEEDS, ids=[str(number) for number in range(SELLERS)])
def known(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HalfRead]:
    seed = request.param
    # The seed moves the moment, too: any hour of any day of a year, changes of the clock included.
    now = NOW + seed % (365 * 24) * 3600 if SOAK_SECONDS else NOW
    yield from half_read(tmp_path_factory.mktemp("half-read"), now=now, orders=120, seed=seed)


@pytest.fixture(scope="module")
def values(known: HalfRead) -> KnownValues:
    return KnownValues(known.shops.values(), known.now)


def expected(known: HalfRead, request: dict[str, Any]) -> Answer | tuple[int, str]:
    try:
        return answer(request, known.asked_shops(request), known.now)
    except tuple(REFUSALS) as refused:
        return REFUSALS[type(refused)]


def problems(known: HalfRead, request: dict[str, Any]) -> list[str]:
    """What is wrong with our answer; nothing when it is right."""
    wanted = expected(known, request)
    response = known.ask(request)
    if not isinstance(wanted, Answer):
        given = response.status_code, response.get_json().get("error", {}).get("code")
        # What is refused for two reasons is refused for either.
        allowed = {wanted, REFUSALS[MixedCurrency]} if wanted[0] == 400 else {wanted}
        return [] if given in allowed else [f"answered {given} and should be {wanted}"]
    if response.status_code != 200:
        return [f"answered {response.status_code}: {response.get_json()}"]
    about = json.loads(response.headers["X-Answer"])
    found = differences(wanted, response.get_json())
    for name, right in (("partial", wanted.partial), ("clamped", bool(wanted.clamped))):
        if bool(about[name]) != right:
            found.append(f"X-Answer says {name}: {about[name]} and should say {right}")
    return found


@pytest.mark.slow
@pytest.mark.soak(cases=100_000 // SELLERS)
@pytest.mark.timeout(0 if SOAK_SECONDS else 300)
@settings(max_examples=MOST, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_mix_of_fields_equals_the_brute_force(
    known: HalfRead, values: KnownValues, data: st.DataObject
) -> None:
    request = data.draw(questions(values, known.now))
    note(f"seed {known.seed}: {json.dumps(request)}")
    assert problems(known, request) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "first", "last", "shops"),
    [
        # Days behind the newest stretch of a shop's orders make an answer partial.
        ("orders", "2026-08-30", "2026-09-05", SHOP_IDS[3]),
        # A list of dimensions has no metric whose gaps could be told by currency.
        ("date currency", "2026-07-10", "2026-07-11", "all"),
        # Whatever the range: the last 28 days were not read to their end.
        ("shop_region items_sold_28d days_of_stock", "2026-08-10", "2026-08-11", SHOP_IDS[3]),
        # Hours are told of 30 days, and today is one of them.
        ("date hourly_gmv hourly_visitors", "2026-08-01", "2026-09-12", SHOP_IDS[0]),
        # A return of an order that was not read still has a product, by its SKU.
        ("order_status product_title returned_items", "2026-08-01", "2026-09-11", "all"),
        # A statement that is not paid yet has no payout, and its transactions have none either.
        ("statement_payment_id take_rate", "2026-09-09", "2026-09-11", SHOP_IDS[0]),
        # Refunds bring days of payment that are not in the range: sales of them are unknown.
        ("paid_date gmv refund_total", "2026-08-25", "2026-09-05", SHOP_IDS[0]),
    ],
)
def test_questions_that_were_answered_wrong_once(
    known: HalfRead, fields: str, first: str, last: str, shops: str
) -> None:
    days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    request = asking(fields.split(), *days)
    request["configParams"]["shops"] = shops
    assert problems(known, request) == []


@pytest.mark.slow
def test_a_filter_does_not_change_which_rows_are_listed(known: HalfRead) -> None:
    """Currencies are those of orders, also where a filter asks for a shop."""
    request = asking(["currency"], dt.date(2026, 7, 10), dt.date(2026, 9, 11))
    request["configParams"]["shops"] = "all"
    request["fields"].append({"name": "shop_name", "forFilterOnly": True})
    only = {"fieldName": "shop_name", "operator": "EQUALS", "type": "INCLUDE"}
    request["dimensionsFilters"] = [[{**only, "values": ["Shop 2 US"]}]]
    assert problems(known, request) == []
