"""Notices in words: a subject and a plain text for people who do not look at the pages. Pure.

A text names the shop, says what happened, what to do, and links to where it is done.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from notices.occasions import ENDED, ENDING, FAILING, LEAVING, STUCK
from store.notices import Occasion, Written
from store.shop_health import ShopHealth


@dataclass(frozen=True, slots=True)
class _Kind:
    """`subject` about one shop; `many` about several, after their number; `text` the sentences."""

    subject: str
    many: str
    text: Callable[[Occasion, str], str]


def written(occasions: Sequence[Occasion], workspace: str, base_url: str) -> Written:
    """One message about all of them, the most pressing kind first."""
    ordered = sorted(occasions, key=lambda one: list(_KINDS).index(one.kind))
    shops = {one.shop_id for one in ordered}
    kinds = {one.kind for one in ordered}
    first = _KINDS[ordered[0].kind]
    if len(shops) == 1:
        subject = f"{first.subject}: {_name(ordered[0])}"
    elif len(kinds) == 1:
        subject = f"{len(shops)} shops: {first.many}"
    else:
        subject = f"{len(shops)} shops need attention"
    parts = [
        f"{_name(one)} ({one.shop_id})\n{_KINDS[one.kind].text(one, base_url)}" for one in ordered
    ]
    return Written(subject, _letter(workspace, parts, base_url))


def written_exports(occasions: Sequence[Occasion], workspace: str, base_url: str) -> Written:
    """One message about all exports that fail."""
    exports = [one.facts["export"] for one in occasions]
    if len(exports) == 1:
        subject = f"The export fails: {_clean(exports[0].name)}"
    else:
        subject = f"{len(exports)} exports to Google Sheets fail"
    parts = [
        f"{_clean(export.name)} (tab {_clean(export.tab)})\n"
        f"It could not be refreshed. It says: {_clean(export.message)} The rows of the last success"
        f" are still in the spreadsheet.\n{base_url}/sheets/{quote(export.id, safe='')}"
        for export in exports
    ]
    return Written(subject, _letter(workspace, parts, base_url))


def digest(shops: Sequence[ShopHealth], workspace: str, base_url: str, now: float) -> Written:
    """How all shops of a workspace are, those that need somebody first."""
    problems = [(shop, _state(shop, now)) for shop in shops]
    bad = [(shop, problem) for shop, problem in problems if problem]
    subject = (
        f"{len(bad)} of {len(shops)} shops need attention"
        if bad
        else f"{'The shop is' if len(shops) == 1 else f'All {len(shops)} shops are'} up to date"
    )
    lines = [f"{_clean(shop.name)} ({shop.shop_id}): {problem}" for shop, problem in bad]
    fine = [
        f"{_clean(shop.name)} ({shop.shop_id}): read {_instant(shop.last_done_at, shop.zone)}"
        for shop, problem in problems
        if not problem
    ]
    parts = [
        *(["Need attention\n" + "\n".join(lines)] if lines else []),
        *(["Up to date\n" + "\n".join(fine)] if fine else []),
    ]
    return Written(subject, _letter(workspace, parts, base_url))


def trial(workspace: str, base_url: str) -> Written:
    text = "This is a test. Notices of this workspace arrive here."
    return Written("A test notice", _letter(workspace, [text], base_url))


def _letter(workspace: str, parts: Sequence[str], base_url: str) -> str:
    foot = f"Workspace {_clean(workspace)}. Who gets this is set at {base_url}/settings/notices"
    return "\n\n".join([*parts, "--", foot]) + "\n"


def _ending(occasion: Occasion, base_url: str) -> str:
    shop = occasion.facts["shop"]
    days = math.ceil(occasion.facts["days"])
    when = "in less than a day" if days <= 1 else f"in {days} days"
    return (
        f"TikTok ends our access to this shop {when}, on "
        f"{_instant(shop.access_ends_at, shop.zone)}. Connect it again before that and nothing is "
        f"interrupted:\n{_connect(base_url, occasion.shop_id)}"
    )


def _ended(occasion: Occasion, base_url: str) -> str:
    return (
        "TikTok no longer gives access to this shop, so nothing new is read. What was imported "
        "can be reported on; the list of shops says whether and when it is deleted. Connect it "
        "again, and the import goes on where it stopped:\n"
        f"{_connect(base_url, occasion.shop_id)}\n"
        "Or let its owner do it:\n"
        f"{base_url}/connect/invites?shop={quote(occasion.shop_id, safe='')}"
    )


def _leaving(occasion: Occasion, base_url: str) -> str:
    shop = occasion.facts["shop"]
    return (
        f"Nothing is read of this shop any more, and what was imported is deleted on "
        f"{_instant(shop.ends_at, shop.zone)}, unless it is connected again:\n"
        f"{_connect(base_url, occasion.shop_id)}"
    )


def _failing(occasion: Occasion, base_url: str) -> str:
    run = occasion.facts["run"]
    says = f" It says: {_clean(run.message)}" if run.message else ""
    reference = f" (reference {run.reference})" if run.reference else ""
    return (
        f"Its import has failed twice in a row.{says}{reference} What was imported stays. See what "
        f"stands in its way and run it again:\n{base_url}/history/{run.id}"
    )


def _stuck(occasion: Occasion, base_url: str) -> str:
    run = occasion.facts["run"]
    return (
        "Its import has brought nothing for two hours. It is tried again by itself; if it stays "
        f"so, send the text on this page to support:\n{base_url}/history/{run.id}"
    )


#: The most pressing first.
_KINDS: Final[Mapping[str, _Kind]] = {
    LEAVING: _Kind("Data is deleted soon", "data is deleted soon", _leaving),
    ENDED: _Kind("Access has ended", "access has ended", _ended),
    ENDING: _Kind("Access ends soon", "access ends soon", _ending),
    FAILING: _Kind("The import fails", "the import fails", _failing),
    STUCK: _Kind("The import is stuck", "the import is stuck", _stuck),
}


def _state(shop: ShopHealth, now: float) -> str:
    """What is wrong with a shop, in a few words; "" for nothing."""
    if shop.state == "reauthorise":
        return "access has ended, connect it again"
    if shop.state == "inactive":
        return "TikTok has closed the shop"
    if shop.stuck:
        return "the import is stuck"
    if len(shop.ended) == 2 and all(run.state in ("failed", "blocked") for run in shop.ended):
        return "the import fails"
    days = ((shop.access_ends_at or math.inf) - now) / 86_400.0
    if days <= 30:
        return f"access ends in {max(1, math.ceil(days))} days"
    if shop.last_done_at is None:
        return "the first import is not complete yet"
    return ""


def _connect(base_url: str, shop_id: str) -> str:
    return f"{base_url}/connect/tiktok/start?shop={quote(shop_id, safe='')}"


def _name(occasion: Occasion) -> str:
    return _clean(occasion.facts["shop"].name)


def _clean(text: str) -> str:
    """On one line: names and messages come from outside."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _instant(seconds: float | None, zone: str) -> str:
    if seconds is None:
        return "never"
    there = dt.datetime.fromtimestamp(seconds, ZoneInfo(zone))
    return f"{there:%d %b %Y %H:%M} ({zone})"
