"""The spreadsheets that a workspace exports to, and the Google accounts it may write them with.

A spreadsheet belongs to one workspace of an installation: the service account can write into every
spreadsheet that anybody shared with it, and nobody shall reach those of others by their address.
"""

from __future__ import annotations

import secrets as random
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Row, and_, delete, exists, select, update
from sqlalchemy.exc import IntegrityError

from clock import Clock
from errors import BadRequest, Reauthorise, Refused
from store.accounts import Accounts
from store.accounts_rows import Limit
from store.exports_schema import exports, google_grants, spreadsheets

_TOKEN_PLACE: Final = "refresh token of google grant {}"  # noqa: S105 - a place, no token


@dataclass(frozen=True, slots=True)
class Spreadsheet:
    """`grant_id`: whose sign-in it is written with, "" for the service account. `reads_settings`:
    its tab _settings makes exports too, of the shops that `limit` allows; it is read at
    `settings_at` next (UTC epoch seconds), and `settings_problem` says why that failed last."""

    spreadsheet_id: str
    workspace_id: str
    title: str
    grant_id: str
    limit: Limit
    reads_settings: bool
    settings_at: float | None
    settings_problem: str
    added_at: float


@dataclass(frozen=True, slots=True)
class GoogleGrant:
    """`state`: good, or ended when Google no longer takes the token."""

    id: str
    workspace_id: str
    email: str
    state: str
    created_at: float


class Spreadsheets:
    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._database = accounts.database
        self._clock = clock

    def add(
        self, workspace_id: str, spreadsheet_id: str, *, title: str = "", grant_id: str = ""
    ) -> Spreadsheet:
        """Known ones stay as they are, but for a grant that is named. Refused when the spreadsheet
        belongs to another workspace."""
        if grant_id:
            self.grant(workspace_id, grant_id)
        values = {
            "spreadsheet_id": spreadsheet_id,
            "workspace_id": workspace_id,
            "title": title,
            "grant_id": grant_id,
            "shows": _limit_text(Limit()),
            "reads_settings": False,
            "settings_problem": "",
            "added_at": self._clock.now(),
        }
        try:
            with self._database.writing() as connection:
                connection.execute(spreadsheets.insert().values(values))
        except IntegrityError:
            self._keep(workspace_id, spreadsheet_id, title, grant_id)
        return self.one(workspace_id, spreadsheet_id)

    def _keep(self, workspace_id: str, spreadsheet_id: str, title: str, grant_id: str) -> None:
        given = {"title": title, "grant_id": grant_id}
        values = {name: value for name, value in given.items() if value}
        this = spreadsheets.c.spreadsheet_id == spreadsheet_id
        with self._database.writing() as connection:
            owner = connection.scalar(select(spreadsheets.c.workspace_id).where(this))
            if owner != workspace_id:
                raise Refused(
                    "Another workspace of this installation writes to this spreadsheet. Choose "
                    "another one, or have it removed there first."
                )
            if values:
                connection.execute(update(spreadsheets).where(this).values(values))

    def of_workspace(self, workspace_id: str) -> list[Spreadsheet]:
        """In the order in which they were added."""
        mine = spreadsheets.c.workspace_id == workspace_id
        return self._found(mine)

    def one(self, workspace_id: str, spreadsheet_id: str) -> Spreadsheet:
        """BadRequest `not_found` when the workspace has none of this id."""
        found = self._found(_this(workspace_id, spreadsheet_id))
        if not found:
            raise BadRequest("There is no such spreadsheet.", code="not_found")
        return found[0]

    def forget_unused(self, workspace_id: str, spreadsheet_id: str = "") -> None:
        """Forget the spreadsheets that nothing is exported to and no settings are read from; with
        an id that one, if it is such."""
        used = exists().where(exports.c.spreadsheet_id == spreadsheets.c.spreadsheet_id)
        unused = and_(
            spreadsheets.c.workspace_id == workspace_id,
            spreadsheets.c.reads_settings.is_(False),
            ~used,
            *([spreadsheets.c.spreadsheet_id == spreadsheet_id] if spreadsheet_id else []),
        )
        with self._database.writing() as connection:
            connection.execute(delete(spreadsheets).where(unused))

    # --- the tab _settings ---

    def read_settings(
        self, workspace_id: str, spreadsheet_id: str, *, reads: bool, limit: Limit | None = None
    ) -> None:
        """Whether the tab _settings makes exports, and of which shops it may ask: without a `limit`
        of those that it might before. The exports it made go on within it when it is not read."""
        values = {
            "reads_settings": reads,
            **({} if limit is None else {"shows": _limit_text(limit)}),
            "settings_at": self._clock.now() if reads else None,
            "settings_problem": "",
        }
        self._set(workspace_id, spreadsheet_id, values)

    def settings_due(self) -> list[Spreadsheet]:
        """Those whose tab _settings is to be read now, of all workspaces."""
        due = spreadsheets.c.settings_at <= self._clock.now()
        return self._found(and_(spreadsheets.c.reads_settings.is_(True), due))

    def settings_were_read(self, sheet: Spreadsheet, next_at: float, problem: str = "") -> None:
        values = {"settings_at": next_at, "settings_problem": problem}
        self._set(sheet.workspace_id, sheet.spreadsheet_id, values)

    def _set(self, workspace_id: str, spreadsheet_id: str, values: dict[str, Any]) -> None:
        with self._database.writing() as connection:
            these = update(spreadsheets).where(_this(workspace_id, spreadsheet_id))
            if not connection.execute(these.values(values)).rowcount:
                raise BadRequest("There is no such spreadsheet.", code="not_found")

    def _found(self, which: Any) -> list[Spreadsheet]:
        ordered = select(spreadsheets).where(which).order_by(spreadsheets.c.added_at)
        with self._database.reading() as connection:
            return [_spreadsheet(row) for row in connection.execute(ordered)]

    # --- people's own Google accounts ---

    def save_grant(self, workspace_id: str, email: str, refresh_token: str) -> GoogleGrant:
        """Keep what a person's sign-in gave, in the place of an earlier one of the same person."""
        scope = self._accounts.workspace(workspace_id)
        same = and_(google_grants.c.workspace_id == workspace_id, google_grants.c.email == email)
        with self._database.writing() as connection:
            known = connection.scalar(select(google_grants.c.id).where(same))
            grant_id = known or random.token_hex(8)
            values = {
                "sealed_refresh_token": scope.seal(refresh_token, _TOKEN_PLACE.format(grant_id)),
                "state": "good",
                "created_at": self._clock.now(),
            }
            if known is None:
                new = {"id": grant_id, "workspace_id": workspace_id, "email": email, **values}
                connection.execute(google_grants.insert().values(new))
            else:
                connection.execute(update(google_grants).where(same).values(values))
        if known is not None:
            self._database.erase_traces()
        return self.grant(workspace_id, grant_id)

    def grants(self, workspace_id: str) -> list[GoogleGrant]:
        mine = select(google_grants).where(google_grants.c.workspace_id == workspace_id)
        with self._database.reading() as connection:
            found = connection.execute(mine.order_by(google_grants.c.email))
            return [_grant(row) for row in found]

    def grant(self, workspace_id: str, grant_id: str) -> GoogleGrant:
        """BadRequest `not_found` when the workspace has none of this id."""
        found = [one for one in self.grants(workspace_id) if one.id == grant_id]
        if not found:
            raise BadRequest("There is no such Google account here.", code="not_found")
        return found[0]

    def refresh_token(self, workspace_id: str, grant_id: str) -> str:
        """Raises Reauthorise when the person must sign in again."""
        grant = self.grant(workspace_id, grant_id)
        this = google_grants.c.id == grant.id
        with self._database.reading() as connection:
            sealed = connection.scalar(select(google_grants.c.sealed_refresh_token).where(this))
        if grant.state != "good" or not sealed:
            raise sign_in_again(grant.email)
        scope = self._accounts.workspace(workspace_id)
        return scope.unseal(sealed, _TOKEN_PLACE.format(grant.id))

    def end_grant(self, workspace_id: str, grant_id: str) -> None:
        """Forget the token; whoever gave it must sign in again. BadRequest `not_found` when the
        workspace has no such grant."""
        this = google_grants.c.id == self.grant(workspace_id, grant_id).id
        ended = {"state": "ended", "sealed_refresh_token": ""}
        with self._database.writing() as connection:
            connection.execute(update(google_grants).where(this).values(ended))
        self._database.erase_traces()


def sign_in_again(email: str) -> Reauthorise:
    return Reauthorise(
        f"Google no longer lets us write as {email}. Sign in with Google again under Sheets, and "
        "the exports go on."
    )


def _this(workspace_id: str, spreadsheet_id: str) -> Any:
    return and_(
        spreadsheets.c.workspace_id == workspace_id,
        spreadsheets.c.spreadsheet_id == spreadsheet_id,
    )


def _spreadsheet(row: Row[Any]) -> Spreadsheet:
    values = dict(row._mapping)
    clients, shop_ids = orjson.loads(values.pop("shows"))
    limit = Limit(None if clients is None else tuple(clients), tuple(shop_ids))
    return Spreadsheet(**values, limit=limit)


def _limit_text(limit: Limit) -> str:
    return orjson.dumps([limit.clients, limit.shop_ids]).decode()


def _grant(row: Row[Any]) -> GoogleGrant:
    return GoogleGrant(row.id, row.workspace_id, row.email, row.state, row.created_at)
