"""The filters of the import history, from the address and back, and what runs are called. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from hub.forms import Entered
from store.run_history import Wanted
from store.runs import STATES, TRIGGERS

FIELDS: Final = ("shop", "state", "why", "from", "to")

_DAY_NAMES: Final = {"from": "first", "to": "last"}

#: What a run's state is called, and the tone of its pill.
STATE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "pending": ("Next", "quiet"),
    "running": ("Running", "busy"),
    "waiting": ("Waiting", "warn"),
    "done": ("Done", "ok"),
    "blocked": ("Needs you", "bad"),
    "failed": ("Failed", "bad"),
    "stuck": ("Stuck", "bad"),
}

#: Why a run was asked for, in as few words as fit into a list.
WHY_WORDS: Final[Mapping[str, str]] = {
    "connect": "Shop connected",
    "schedule": "Schedule",
    "manual": "Asked for by hand",
    "webhook": "TikTok told of a change",
    "live": "A report wanted fresh data",
}

#: What a run does.
KIND_WORDS: Final[Mapping[str, str]] = {
    "import": "Older data",
    "sync": "Fresh data",
    "reread": "Changed records",
    "freshen": "Live pull",
}


def wanted(
    given: Mapping[str, str], workspaces: Sequence[str], shop_ids: Collection[str], zone: str
) -> tuple[Entered, Wanted]:
    """What the address asks for, and what is wrong with it. `from` and `to` are days of `zone` (an
    IANA name), both included."""
    values = {name: given.get(name, "").strip() for name in FIELDS}
    problems: dict[str, str] = {}
    if values["shop"] and values["shop"] not in shop_ids:
        problems["shop"] = "This shop is not connected to your workspace."
    if values["state"] and values["state"] not in (*STATES, "stuck"):
        problems["state"] = "Choose a state from the list."
    if values["why"] and values["why"] not in TRIGGERS:
        problems["why"] = "Choose a reason from the list."
    days = {name: _day(values[name]) for name in ("from", "to")}
    for name, found in days.items():
        if values[name] and found is None:
            problems[name] = f"Write the {_DAY_NAMES[name]} day like 2026-03-31."
    first, last = days["from"], days["to"]
    if first and last and first > last:
        problems["to"] = "The last day lies before the first."
    return Entered(values, problems), Wanted(
        workspaces=workspaces,
        shop_id=values["shop"],
        state=values["state"],
        trigger=values["why"],
        since=_midnight(first, zone) if first else None,
        until=_midnight(last + dt.timedelta(days=1), zone) if last else None,
    )


def _day(text: str) -> dt.date | None:
    """Of the years that a time zone can reckon with."""
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None


def _midnight(day: dt.date, zone: str) -> float:
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).timestamp()
