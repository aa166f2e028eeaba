"""The status page: the workspace's shops, how far each import has come, and the latest runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from flask import Blueprint, g, render_template

from hub.seller_regions import SELLER_REGIONS
from store.accounts import ShopRow
from store.ledger import Run

#: Seconds until a page that shows unfinished work loads itself again.
RELOAD_SECONDS = 15

_UNFINISHED = ("pending", "running", "waiting")


class Stage(Protocol):
    """A stage's progress, as `store.records.StageProgress` has it; instants are UTC seconds."""

    @property
    def stage(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int | None: ...
    @property
    def waits_for(self) -> str: ...
    @property
    def error(self) -> str: ...
    @property
    def reference(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ShopStatus:
    """`last_success`: when something was last read from TikTok for this shop, UTC seconds.
    `whole`: all stages together in a sentence, and `alive_at` the last sign of life of the work on
    them, while it is under way. `access_ends_at`: when TikTok will end our access, as it said."""

    shop: ShopRow
    stages: Sequence[Stage]
    last_success: float | None
    whole: str = ""
    alive_at: float | None = None
    access_ends_at: float | None = None


def percent(stage: Stage) -> int | None:
    """0 to 100, never 100 before the stage is done; None when the whole is unknown."""
    if stage.state == "done":
        return 100
    if not stage.total:
        return None
    return max(0, min(99, 100 * stage.done // stage.total))


def instant(seconds: float | None) -> str:
    """An instant in UTC for people, such as `22 Nov 2026 00:52 UTC`; "never" for None."""
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %Y %H:%M UTC")


def status_routes(
    *,
    workspace_name: Callable[[str], str],
    shops: Callable[[str], Sequence[ShopStatus]],
    runs: Callable[[str], Sequence[Run]],
) -> Blueprint:
    """Each function takes the workspace id; `runs` gives the newest first."""
    routes = Blueprint("status", __name__, template_folder="templates")
    routes.add_app_template_filter(instant)
    routes.add_app_template_filter(percent)

    @routes.get("/")
    def page() -> str:
        workspace_id = g.principal.workspace_id
        shown, latest = shops(workspace_id), runs(workspace_id)
        unfinished = any(run.state in _UNFINISHED for run in latest) or any(
            stage.state in _UNFINISHED for status in shown for stage in status.stages
        )
        return render_template(
            "status.html",
            workspace=workspace_name(workspace_id),
            shops=shown,
            shop_names={status.shop.shop_id: status.shop.name for status in shown},
            runs=latest,
            regions=SELLER_REGIONS,
            reload_seconds=RELOAD_SECONDS if unfinished else None,
        )

    return routes
