"""What an answer says of itself in the X-Answer header. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from connector.reads import Clamp

LONGEST_HEADER: Final = 2_000


@dataclass(frozen=True)
class About:
    """`source`: live when TikTok was asked for this answer and its rows came. `as_of`: epoch
    seconds of the oldest reading behind it. `stale`: something newer should be there and is not."""

    source: Literal["cached", "live"]
    as_of: float | None
    covered_from: dt.date | None
    stale: bool
    clamped: Sequence[Clamp]
    partial: bool
    notes: tuple[str, ...]

    def header(self) -> str:
        """Plain ASCII and under 2 KB, whatever the shops are called; the last notes go first."""
        as_of = self.as_of and dt.datetime.fromtimestamp(self.as_of, dt.UTC).isoformat()
        shown: dict[str, object] = {
            "source": self.source,
            "as_of": as_of,
            "covered_from": _day(self.covered_from),
            "stale": self.stale,
            "clamped": [
                {"fact": one.label, "from": _day(one.first), "to": _day(one.last)}
                for one in self.clamped
            ],
            "partial": self.partial,
        }
        for count in range(len(self.notes), -1, -1):
            text = json.dumps({**shown, "notes": self.notes[:count]}, separators=(",", ":"))
            if len(text) < LONGEST_HEADER:
                break
        return text


def _day(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
