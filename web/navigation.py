"""The entries of the bar on top and of the foot of every page. One table each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from store.accounts_rows import Principal
from store.roles import EDITOR, OWNER, VIEWER


@dataclass(frozen=True, slots=True)
class Entry:
    """`below`: further beginnings of addresses whose pages belong to this entry. `role` and
    `whole`: whom it is shown to, as `store.roles.needs` has it."""

    label: str
    address: str
    below: tuple[str, ...] = ()
    role: str = VIEWER
    whole: bool = False
    is_current: bool = False


#: For members. What is below an entry's own address belongs to it too.
MAIN: Final = (
    Entry("Shops", "/", ("/shops", "/connect")),
    Entry("Dashboard", "/dashboard"),
    Entry("Numbers", "/numbers"),
    Entry("Fields", "/fields"),
    Entry("Sheets", "/sheets", whole=True),
    Entry("History", "/history", ("/imports", "/backfill")),
    Entry("Keys", "/keys", ("/looker",), OWNER, whole=True),
    Entry("Settings", "/settings", ("/clients", "/usage", "/members"), EDITOR, whole=True),
)
#: For everybody else.
OPEN: Final = (Entry("Fields", "/fields"), Entry("About", "/about"))

FOOT: Final = (
    Entry("About", "/about"),
    Entry("Privacy", "/about/privacy"),
    Entry("Terms", "/about/terms"),
    Entry("Support", "/about/support"),
)


def entries(path: str, who: Principal | None) -> Sequence[Entry]:
    """What the bar shows to somebody (None: nobody known) on the page at `path`."""
    shown = OPEN if who is None else [one for one in MAIN if who.may(one.role, whole=one.whole)]
    return [replace(entry, is_current=_is_at(path, entry)) for entry in shown]


def _is_at(path: str, entry: Entry) -> bool:
    places = entry.below if entry.address == "/" else (entry.address, *entry.below)
    return path == entry.address or any(
        path == place or path.startswith(f"{place}/") for place in places
    )
