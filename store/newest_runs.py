"""The newest run of each kind, for every shop of some workspaces at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import func, select

from store.accounts_schema import runs
from store.database import Database
from store.runs import Run, run_of

_RANK: Final = "_rank"


def newest_runs(
    database: Database, workspace_ids: Collection[str], kinds: Collection[str]
) -> dict[tuple[str, str], list[Run]]:
    """(workspace id, shop id) -> its newest run of each of these kinds, the newest first. Shops
    without such a run are left out."""
    newest = func.row_number().over(
        partition_by=(runs.c.workspace_id, runs.c.shop_id, runs.c.kind),
        order_by=(runs.c.created_at.desc(), runs.c.id),
    )
    ranked = (
        select(runs, newest.label(_RANK))
        .where(runs.c.workspace_id.in_(workspace_ids), runs.c.kind.in_(kinds))
        .subquery()
    )
    columns = [ranked.c[column.name] for column in runs.c]
    wanted = select(*columns).where(ranked.c[_RANK] == 1).order_by(ranked.c.created_at.desc())
    found: dict[tuple[str, str], list[Run]] = {}
    with database.reading() as connection:
        for row in connection.execute(wanted):
            found.setdefault((row.workspace_id, row.shop_id), []).append(run_of(row))
    return found
