"""Keeping records that were read beside the imports, in the lane of what somebody waits for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from backfill.normalise.rows import Normalised
from backfill.stage import Stage
from store.commits import Commit, Covered, Quarantined, Write
from store.freshness import Freshness
from store.records import ShopRecords
from tiktok_shop.client import Reply


class RowsPublisher(Protocol):
    """Shows a few rows at once; see `store.columns.ShopColumns.publish_rows`."""

    def publish_rows(
        self,
        writes: Iterable[Write],
        covered: Sequence[Covered] = ...,
        seen: Mapping[str, Freshness] = ...,
    ) -> bool: ...


def keep(
    stage: Stage,
    normalised: Normalised,
    reply: Reply,
    records: ShopRecords,
    held: tuple[str, int],
    covered: tuple[Covered, ...] = (),
) -> tuple[Write, ...]:
    """Keep what `stage` made of a reply, in one transaction; gives the rows that were written.
    `held` is the lane with its token: raises Fenced when somebody else has the lane by now."""
    if stage.reconcile is not None:
        normalised = stage.reconcile(records, normalised)
    fetched_at = int(reply.fetched_at)
    commit = Commit(
        writes=tuple(write for write in normalised.writes if write.rows),
        covered=covered,
        quarantined=tuple(
            Quarantined(stage.name, reply.request_id, path, reason, fetched_at)
            for path, reason in normalised.rejected
        ),
        fetched_at=fetched_at,
    )
    records.commit(*held, commit)
    return commit.writes
