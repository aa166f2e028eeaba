"""Arithmetic on what has been read of a resource. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from store.commits import Covered


def laid_over(stretches: Iterable[Covered], newer: Covered) -> list[Covered]:
    """Disjoint stretches, ascending, with `newer` in the place of whatever it overlaps.

    Neighbours that touch and were read at the same instant become one.
    """
    if newer.start >= newer.end:
        return sorted(stretches, key=lambda one: one.start)
    kept = [newer]
    for old in stretches:
        if old.start < newer.start:
            kept.append(replace(old, end=min(old.end, newer.start)))
        if old.end > newer.end:
            kept.append(replace(old, start=max(old.start, newer.end)))
    return _joined(kept, same_reading=True)


def merged(stretches: Iterable[Covered]) -> list[Covered]:
    """Maximal ranges, ascending; `read_at` is that of the stretch read longest ago."""
    return _joined(stretches, same_reading=False)


def _joined(stretches: Iterable[Covered], *, same_reading: bool) -> list[Covered]:
    joined: list[Covered] = []
    for one in sorted(stretches, key=lambda one: one.start):
        last = joined[-1] if joined else None
        if last and one.start <= last.end and (not same_reading or one.read_at == last.read_at):
            joined[-1] = replace(
                last, end=max(last.end, one.end), read_at=min(last.read_at, one.read_at)
            )
        else:
            joined.append(one)
    return joined
