"""Which stages of a run may go on side by side. Pure.

A stage is begun when those before it leave a call free, so that none is lost between two stages.
What comes sooner because it is wanted sooner holds nothing up; what a stage builds on does, and so
does a stage that writes the same tables: two of them may each know a part of a row, and a part that
was asked for earlier and comes later would be taken for old.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from backfill.stage import Stage


def before(stage: Stage, stages: Sequence[Stage]) -> list[str]:
    """The names of those `stages`, in the order of a run, that must have ended before `stage`
    begins. Optional ones come after all others: they cost much and are wanted least."""
    earlier = stages[: stages.index(stage)]
    return [
        other.name
        for other in earlier
        if other.name in stage.needs
        or (stage.optional and not other.optional)
        or not {table.name for table in other.tables}.isdisjoint(t.name for t in stage.tables)
    ]


def turns(stages: Sequence[Stage]) -> dict[str, list[str]]:
    """`before` of each of `stages`, in the order of a run, by name."""
    return {stage.name: before(stage, stages) for stage in stages}


def next_stage(
    waits: Mapping[str, Sequence[str]], begun: Container[str], ended: Container[str]
) -> str | None:
    """The first stage of `waits` (see `turns`) that was not begun and may be; None when all that
    are left have to wait, or none is left."""
    for name, earlier in waits.items():
        if name not in begun and all(one in ended for one in earlier):
            return name
    return None
