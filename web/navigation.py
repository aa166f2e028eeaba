"""The entries of the bar on top and of the foot of every page. One table each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Entry:
    """`below`: further beginnings of addresses whose pages belong to this entry."""

    label: str
    address: str
    below: tuple[str, ...] = ()
    is_current: bool = False


#: For members. What is below an entry's own address belongs to it too.
MAIN: Final = (
    Entry("Shops", "/", ("/shops", "/connect")),
    Entry("Dashboard", "/dashboard"),
    Entry("Numbers", "/numbers"),
    Entry("Fields", "/fields"),
    Entry("History", "/history", ("/imports", "/backfill")),
    Entry("Keys", "/keys", ("/looker",)),
    Entry("Settings", "/settings", ("/clients", "/usage")),
)
#: For everybody else.
OPEN: Final = (Entry("Fields", "/fields"), Entry("About", "/about"))

FOOT: Final = (
    Entry("About", "/about"),
    Entry("Privacy", "/about/privacy"),
    Entry("Terms", "/about/terms"),
    Entry("Support", "/about/support"),
)


def entries(path: str, *, is_member: bool) -> Sequence[Entry]:
    """What the bar shows on the page at `path`."""
    return [
        Entry(entry.label, entry.address, entry.below, _is_at(path, entry))
        for entry in (MAIN if is_member else OPEN)
    ]


def _is_at(path: str, entry: Entry) -> bool:
    places = entry.below if entry.address == "/" else (entry.address, *entry.below)
    return path == entry.address or any(
        path == place or path.startswith(f"{place}/") for place in places
    )
