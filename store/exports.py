"""Exports to Google Sheets: what is exported where, when it is due, and how the last one went.

What a definition means is for `sheets_export` to say; here it is texts by name. A tab of a
spreadsheet belongs to one export, and so does a name in a workspace.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, case, delete, select, update
from sqlalchemy.exc import IntegrityError

from clock import Clock
from errors import BadRequest
from store.accounts_schema import runs
from store.database import Database
from store.exports_schema import exports
from store.runs import OF_EXPORT

#: Who asked for an export: a page or a command of ours, or the tab _settings of the spreadsheet.
HUB: Final = "hub"
SHEET: Final = "sheet"

#: Of the runs of an export, so many are kept.
_RUNS_KEPT: Final = 50


@dataclass(frozen=True, slots=True)
class Export:
    """`definition`: texts by name. `state`: new, ok or failed. `attempted_at`: when it last began;
    `succeeded_at`: when the spreadsheet was last found to be right; `written_at`: when rows were
    last written; `failing_since`: of the first failure since then. `report`: what pages show of the
    last success. `content`: a digest of what was last written, `place`: where that was found.
    Instants are UTC epoch seconds."""

    id: str
    workspace_id: str
    name: str
    spreadsheet_id: str
    tab: str
    definition: Mapping[str, str]
    origin: str = HUB
    is_paused: bool = False
    next_at: float | None = None
    created_at: float = 0.0
    changed_at: float = 0.0
    state: str = "new"
    message: str = ""
    attempted_at: float | None = None
    succeeded_at: float | None = None
    written_at: float | None = None
    failing_since: float | None = None
    rows: int | None = None
    content: str = ""
    place: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What its runs say they are about."""
        return f"{OF_EXPORT}{self.id}"


@dataclass(frozen=True, slots=True)
class Wish:
    """An export as somebody wants it. `next_at`: when the schedule wants it first."""

    name: str
    spreadsheet_id: str
    tab: str
    definition: Mapping[str, str]
    next_at: float | None
    origin: str = HUB


class Exports:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, workspace_id: str, wish: Wish, export_id: str = "") -> Export:
        """BadRequest when the name or the tab is taken. An id is made up where none is given."""
        now, export_id = self._clock.now(), export_id or random.token_hex(6)
        values = {
            **_columns(wish, now),
            "id": export_id,
            "workspace_id": workspace_id,
            "origin": wish.origin,
            "is_paused": False,
            "created_at": now,
            "state": "new",
            "message": "",
            "content": "",
            "place": "",
            "report": "{}",
        }
        try:
            with self._database.writing() as connection:
                connection.execute(exports.insert().values(values))
        except IntegrityError:
            raise _taken(self, workspace_id, wish) from None
        return self.one(workspace_id, export_id)

    def refuse_taken(self, workspace_id: str, name: str) -> None:
        """BadRequest when there is an export of this name."""
        if any(one.name == name for one in self.of_workspace(workspace_id)):
            raise _name_taken(name)

    def change(self, workspace_id: str, export_id: str, wish: Wish) -> Export:
        """Everything is written anew the next time; one that is off stays off. BadRequest as for
        `create`, and `not_found`."""
        next_at = case((exports.c.is_paused.is_(True), None), else_=wish.next_at)
        values = {
            **_columns(wish, self._clock.now()),
            "next_at": next_at,
            "content": "",
            "place": "",
        }
        this = _this(workspace_id, export_id)
        try:
            with self._database.writing() as connection:
                if not connection.execute(update(exports).where(this).values(values)).rowcount:
                    raise _unknown()
        except IntegrityError:
            raise _taken(self, workspace_id, wish) from None
        return self.one(workspace_id, export_id)

    def swap_names(self, workspace_id: str, one: str, other: str) -> None:
        """Of two exports, by their ids: one of them alone could not have the name of the other.
        BadRequest `not_found`."""
        both = [(this, self.one(workspace_id, this).name) for this in (one, other)]
        aside = (one, random.token_hex(16))
        with self._database.writing() as connection:
            for this, name in (aside, (other, both[0][1]), (one, both[1][1])):
                renamed = update(exports).where(_this(workspace_id, this)).values(name=name)
                connection.execute(renamed)

    def pause(self, workspace_id: str, export_id: str) -> None:
        """Leave it alone until somebody asks."""
        self._set(_this(workspace_id, export_id), {"is_paused": True, "next_at": None})

    def go_on(self, workspace_id: str, export_id: str, next_at: float | None) -> None:
        """`next_at`: when its schedule wants it, None for one that has none."""
        self._set(_this(workspace_id, export_id), {"is_paused": False, "next_at": next_at})

    def remove(self, workspace_id: str, export_id: str) -> None:
        """Forget an export and its runs; what it wrote stays. Harmless to repeat."""
        of_it = and_(
            runs.c.workspace_id == workspace_id, runs.c.shop_id == f"{OF_EXPORT}{export_id}"
        )
        with self._database.writing() as connection:
            connection.execute(delete(runs).where(of_it))
            connection.execute(delete(exports).where(_this(workspace_id, export_id)))

    # --- looking ---

    def of_workspace(self, workspace_id: str) -> list[Export]:
        """By name."""
        return self._found(exports.c.workspace_id == workspace_id)

    def of_spreadsheet(self, workspace_id: str, spreadsheet_id: str) -> list[Export]:
        mine = exports.c.workspace_id == workspace_id
        return self._found(and_(mine, exports.c.spreadsheet_id == spreadsheet_id))

    def one(self, workspace_id: str, export_id: str) -> Export:
        """BadRequest `not_found` when the workspace has none of this id."""
        found = self._found(_this(workspace_id, export_id))
        if not found:
            raise _unknown()
        return found[0]

    def named(self, workspace_id: str, name: str) -> Export:
        """BadRequest `not_found` when the workspace has none of this name."""
        found = self._found(and_(exports.c.workspace_id == workspace_id, exports.c.name == name))
        if not found:
            raise BadRequest(f"There is no export called {name[:60]!r}.", code="not_found")
        return found[0]

    def due(self) -> list[Export]:
        """Those that the schedule wants now, of all workspaces."""
        wanted = exports.c.next_at <= self._clock.now()
        return self._found(and_(wanted, exports.c.is_paused.is_(False)))

    def failing(self) -> list[Export]:
        """Those whose last refresh failed, of all workspaces; what is off fails nobody."""
        fails = exports.c.failing_since.is_not(None)
        return self._found(and_(fails, exports.c.is_paused.is_(False)))

    def open_subjects(self) -> set[str]:
        """What the unfinished runs of exports are about."""
        unfinished = runs.c.state.in_(("pending", "running", "waiting"))
        wanted = select(runs.c.shop_id).where(runs.c.shop_id.startswith(OF_EXPORT), unfinished)
        with self._database.reading() as connection:
            return set(connection.scalars(wanted))

    # --- working ---

    def planned(self, export: Export, next_at: float | None) -> None:
        """The schedule's next wish, unless another process has planned it meanwhile."""
        same = and_(exports.c.id == export.id, exports.c.next_at == export.next_at)
        self._set(same, {"next_at": next_at})

    def found_at(self, export: Export, place: str) -> None:
        """Where its block is, for the next time; nothing is lost with it."""
        self._set(and_(_of(export), exports.c.changed_at == export.changed_at), {"place": place})

    def began(self, export: Export) -> None:
        self._set(_of(export), {"attempted_at": self._clock.now()})

    def succeeded(
        self,
        export: Export,
        *,
        rows: int,
        content: str,
        place: str,
        report: Mapping[str, Any],
        written: bool,
    ) -> None:
        """`written`: rows were written, and not only found to be the same."""
        now = self._clock.now()
        values = {
            "state": "ok",
            "message": "",
            "succeeded_at": now,
            "failing_since": None,
            "rows": rows,
            "report": orjson.dumps(dict(report)).decode(),
            **({"written_at": now} if written else {}),
        }
        # A change that somebody made meanwhile is written the next time.
        unchanged = and_(_of(export), exports.c.changed_at == export.changed_at)
        with self._database.writing() as connection:
            connection.execute(update(exports).where(_of(export)).values(values))
            seen = {"content": content, "place": place}
            connection.execute(update(exports).where(unchanged).values(seen))
            _forget_old_runs(connection, export.workspace_id, export.subject)

    def failed(self, export: Export, message: str) -> None:
        values = {"state": "failed", "message": message, "content": ""}
        first = and_(_of(export), exports.c.failing_since.is_(None))
        with self._database.writing() as connection:
            connection.execute(update(exports).where(_of(export)).values(values))
            since = update(exports).where(first).values(failing_since=self._clock.now())
            connection.execute(since)
            _forget_old_runs(connection, export.workspace_id, export.subject)

    def forget_old_runs(self, workspace_id: str, subject: str) -> None:
        """What is done every hour, or every quarter of one, has thousands of runs a year."""
        with self._database.writing() as connection:
            _forget_old_runs(connection, workspace_id, subject)

    def _set(self, which: ColumnElement[bool], values: Mapping[str, Any]) -> None:
        with self._database.writing() as connection:
            connection.execute(update(exports).where(which).values(values))

    def _found(self, which: ColumnElement[bool]) -> list[Export]:
        with self._database.reading() as connection:
            return _exports(connection, which)


def _forget_old_runs(connection: Connection, workspace_id: str, subject: str) -> None:
    of_it = and_(runs.c.workspace_id == workspace_id, runs.c.shop_id == subject)
    newest = select(runs.c.id).where(of_it).order_by(runs.c.created_at.desc())
    kept = list(connection.scalars(newest.limit(_RUNS_KEPT)))
    if len(kept) == _RUNS_KEPT:
        ended = and_(of_it, runs.c.finished_at.is_not(None), runs.c.id.not_in(kept))
        connection.execute(delete(runs).where(ended))


def _exports(connection: Connection, which: ColumnElement[bool]) -> list[Export]:
    ordered = select(exports).where(which).order_by(exports.c.name, exports.c.id)
    return [_export(row) for row in connection.execute(ordered)]


def _export(row: Row[Any]) -> Export:
    values = {name: value for name, value in row._mapping.items() if name != "tab_key"}
    values |= {name: orjson.loads(values[name]) for name in ("definition", "report")}
    return Export(**values)


def _columns(wish: Wish, now: float) -> dict[str, Any]:
    return {
        "name": wish.name,
        "spreadsheet_id": wish.spreadsheet_id,
        "tab": wish.tab,
        "tab_key": wish.tab.casefold(),
        "definition": orjson.dumps(dict(wish.definition)).decode(),
        "next_at": wish.next_at,
        "changed_at": now,
    }


def _taken(known: Exports, workspace_id: str, wish: Wish) -> BadRequest:
    names: Sequence[str] = [one.name for one in known.of_workspace(workspace_id)]
    if wish.name in names:
        return _name_taken(wish.name)
    return BadRequest(
        f"Another export writes to the tab {wish.tab} of this spreadsheet. Choose another tab: one "
        "that nothing is written to, or a new name."
    )


def _name_taken(name: str) -> BadRequest:
    return BadRequest(f"There is an export called {name} already. Choose another name.")


def _this(workspace_id: str, export_id: str) -> ColumnElement[bool]:
    return and_(exports.c.workspace_id == workspace_id, exports.c.id == export_id)


def _of(export: Export) -> ColumnElement[bool]:
    return _this(export.workspace_id, export.id)


def _unknown() -> BadRequest:
    return BadRequest("There is no such export.", code="not_found")
