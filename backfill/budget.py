"""How many calls a stage has left today, where it has a daily number of them: one that needs a call
an order must not keep the shop's quota from what people wait for. Pure; days are UTC."""

from __future__ import annotations

from backfill.windows import midnight


def checkpoint_name(stage: str) -> str:
    return f"{stage} calls"


def calls_made(known: str | None, now: float) -> int:
    """Calls made on the day of `now`; `known` is what `after_call` gave last."""
    day, _, calls = (known or "").partition(":")
    return int(calls) if day == str(midnight(now)) else 0


def after_call(known: str | None, now: float) -> str:
    """What is to be remembered after one more call."""
    return f"{midnight(now)}:{calls_made(known, now) + 1}"
