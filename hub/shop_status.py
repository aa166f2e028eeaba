"""How a connected shop is doing, in one of nine words. Pure.

first that fits:  Lost access · Reconnect · Shop inactive · Disconnected   from the shop's state
                  Not syncing                                              from its newest runs
                  Missing permissions                                      from the grant
                  Syncing · Resolving · Synced                             from its newest runs
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from store.accounts import ShopRow
from store.runs import Run

#: A shop is synced every 12 hours; so long after its last success two of them are missing.
LATE_SECONDS: Final = 26 * 3_600.0

_UNDER_WAY: Final = ("pending", "running", "waiting")


@dataclass(frozen=True, slots=True)
class Status:
    """`tone` is that of the pill (ok, busy, warn, bad, quiet); `rank`: smaller ones need somebody
    sooner. `meaning` is a sentence, also about what to do."""

    word: str
    tone: str
    rank: int
    meaning: str

    @property
    def is_problem(self) -> bool:
        return self.tone in ("bad", "warn")


LOST_ACCESS: Final = Status(
    "Lost access",
    "bad",
    0,
    "The seller removed this app in TikTok Shop. Reconnect the shop, or send its owner an invite.",
)
RECONNECT: Final = Status(
    "Reconnect",
    "bad",
    1,
    "The seller's consent has ended. Reconnect the shop and the import goes on where it stopped.",
)
INACTIVE: Final = Status(
    "Shop inactive",
    "bad",
    2,
    "TikTok has closed this shop or suspended its seller. What was imported stays. We look once a "
    "day whether it is open again.",
)
NOT_SYNCING: Final = Status(
    "Not syncing",
    "bad",
    3,
    "Nothing new has come for more than a day. Run an import; if that does not help, open the "
    "history and send its support text to whoever runs this installation.",
)
MISSING: Final = Status(
    "Missing permissions",
    "warn",
    4,
    "TikTok does not let us read everything. Have the permissions added to the app in Partner "
    "Center, then reconnect the shop.",
)
RESOLVING: Final = Status(
    "Resolving",
    "warn",
    5,
    "Something stood in the way and is being tried again by itself. You need do nothing.",
)
SYNCING: Final = Status("Syncing", "busy", 6, "An import is under way.")
SYNCED: Final = Status("Synced", "ok", 7, "Everything is up to date.")
DISCONNECTED: Final = Status(
    "Disconnected",
    "quiet",
    8,
    "Nothing new is read; what was imported can be reported on. Reconnect it to go on.",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the status follows from. `runs`: the newest run of each kind that imports or syncs, the
    newest first. `last_success`: when something was last read completely, UTC epoch seconds.
    `access_was_removed`: the seller took the grant back before its end. `missing`: what the grant
    does not let us read, in words."""

    runs: Sequence[Run] = ()
    last_success: float | None = None
    access_was_removed: bool = False
    missing: Sequence[str] = field(default_factory=tuple)


def status_of(shop: ShopRow, facts: Facts, now: float) -> Status:
    """`now` is UTC epoch seconds."""
    if shop.state != "connected":
        by_state = {"disconnected": DISCONNECTED, "inactive": INACTIVE, "reauthorise": RECONNECT}
        removed = shop.state == "reauthorise" and facts.access_was_removed
        return LOST_ACCESS if removed else by_state[shop.state]
    found = _by_runs(shop, facts, now)
    # Permissions may be missing for good; that must not hide that nothing comes any more.
    return MISSING if facts.missing and found is not NOT_SYNCING else found


def _by_runs(shop: ShopRow, facts: Facts, now: float) -> Status:
    under_way = [run for run in facts.runs if run.state in _UNDER_WAY]
    if any(run.stuck_at for run in under_way):
        return NOT_SYNCING
    if any(_goes_well(run) for run in under_way):
        return SYNCING
    if _is_late(shop, facts, now):
        return NOT_SYNCING
    if under_way or (facts.runs and facts.runs[0].state in ("failed", "blocked")):
        return RESOLVING
    return SYNCED


def _goes_well(run: Run) -> bool:
    """Begun or about to be; not waiting for another try."""
    return run.state in ("pending", "running")


def _is_late(shop: ShopRow, facts: Facts, now: float) -> bool:
    since = facts.last_success if facts.last_success is not None else shop.connected_at
    return now - since > LATE_SECONDS
