"""Whether statements add up, and how much of a day's sales is settled. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from connector.rows import Row

STATEMENTS: Final = (
    *("settlement_date", "statement_id", "statement_payment_status", "statement_reconciled"),
    *("settlement_amount", "settlement_difference", "statement_transaction_count"),
)
MONEY_BY_DAY: Final = ("date", "money_state", "gmv")

_ORDER: Final = {"off": 0, "unread": 1, "same": 2}


@dataclass(frozen=True, slots=True)
class Statement:
    """`verdict`: `same` when its transactions make its settlement to the cent, `off` when they do
    not, `unread` until they have been read. `difference`: settlement less that of the
    transactions, None until then."""

    id: str
    day: str
    payment: str
    settlement: float
    transactions: int | None
    difference: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class MoneyDay:
    """GMV of a day's orders by how far their money has come."""

    day: str
    gmv: float
    settled: float
    estimated: float
    placed: float


def statements(rows: Iterable[Row]) -> list[Statement]:
    """Those that do not add up first, within these the newest."""
    made = [_statement(row) for row in rows]
    newest = sorted(made, key=lambda one: (one.day, one.id), reverse=True)
    return sorted(newest, key=lambda one: _ORDER[one.verdict])


def counts(found: Sequence[Statement]) -> dict[str, int]:
    """How many statements there are of each verdict."""
    return {name: sum(one.verdict == name for one in found) for name in _ORDER}


def money_days(rows: Iterable[Row]) -> list[MoneyDay]:
    """In the order of the rows, which is that of the days."""
    by_day: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["date"] is not None:
            states = by_day.setdefault(str(row["date"]), {})
            states[str(row["money_state"])] = _number(row["gmv"])
    return [
        MoneyDay(
            day,
            sum(states.values()),
            states.get("settled", 0.0),
            states.get("estimated", 0.0),
            states.get("placed", 0.0),
        )
        for day, states in by_day.items()
    ]


def _statement(row: Row) -> Statement:
    adds_up = row["statement_reconciled"]
    count, difference = row["statement_transaction_count"], row["settlement_difference"]
    return Statement(
        id=str(row["statement_id"]),
        day=str(row["settlement_date"]),
        payment=str(row["statement_payment_status"] or "").replace("_", " ").capitalize(),
        settlement=_number(row["settlement_amount"]),
        transactions=int(count) if isinstance(count, int | float) else None,
        difference=float(difference) if isinstance(difference, int | float) else None,
        verdict="unread" if adds_up is None else "same" if adds_up else "off",
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
