"""A refresh, as a worker works it: definition → answers → table → spreadsheet → what is kept of it.

    done     written, or found to be the same: then only the status says when it was checked
    waiting  the answers are not ready, Google has no time, or somebody else writes this spreadsheet
    failed   it would fail again until somebody changes something; the old rows stay

Nothing is half done: the answers come first, and the writer writes all or nothing. A worker that is
killed leaves a run that is claimed again, and the writer knows what that run has written already.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from clock import Clock
from errors import BadRequest, ConnectorError, Reauthorise, Retryable
from sheets_export.asking import Answered, Asking
from sheets_export.definition import Definition, read_definition
from sheets_export.target import Status, Written
from sheets_export.told import cut_in_words, report_of, status_as_left, target_of
from store.accounts import Accounts, Limit, WorkspaceScope
from store.exports import SHEET, Export, Exports
from store.fencing import Fenced
from store.ledger import Claim, Ledger
from store.runs import OF_EXPORT, Figures
from store.spreadsheets import Spreadsheet, Spreadsheets

if TYPE_CHECKING:
    from sheets_export.book import Book
    from sheets_export.writer import Writer

#: A run that waits is tried so often in all.
MOST_ATTEMPTS: Final = 6
_FIRST_WAIT_SECONDS: Final = 30.0
_LONGEST_WAIT_SECONDS: Final = 1_800.0

_NOT_ALLOWED: Final = (
    "A member has not allowed this tab to ask for these shops. Choose others, or have it allowed."
)
UNEXPECTED: Final = "Something unexpected happened. The log of this installation says what."


@dataclass(frozen=True, slots=True)
class Left:
    """How a run was left; see `worker.Outcome`."""

    state: str
    message: str = ""
    not_before: float = 0.0
    reference: str = ""


class Refreshing:
    """`book_of` opens a spreadsheet with the credentials it is written with; `writer_of` gives the
    writer. Both load Google's libraries, which few processes need."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        exports: Exports,
        spreadsheets: Spreadsheets,
        ledger: Ledger,
        clock: Clock,
        asking: Asking,
        book_of: Callable[[Spreadsheet], Book],
        writer_of: Callable[[], Writer],
        base_url: str,
    ) -> None:
        self._accounts = accounts
        self._exports = exports
        self._spreadsheets = spreadsheets
        self._ledger = ledger
        self._clock = clock
        self._asking = asking
        self._book_of = book_of
        self._writer_of = writer_of
        self._base_url = base_url

    def work(self, claim: Claim, _stop: Callable[[], bool]) -> Left:
        run = claim.run
        try:
            export = self._exports.one(run.workspace_id, run.shop_id.removeprefix(OF_EXPORT))
        except BadRequest:
            return Left("done", "The export was removed.")
        began_at = self._clock.now()
        self._exports.began(export)
        try:
            return self._refresh(claim, export)
        except Fenced:
            raise
        except Retryable as error:
            if run.attempt < MOST_ATTEMPTS:
                return later(claim, error, self._clock.now())
            return self._failed(claim, export, error)
        except ConnectorError as error:
            end_refused(self._spreadsheets, export, error, began_at)
            return self._failed(claim, export, error)
        except Exception:
            self._exports.failed(export, UNEXPECTED)
            raise

    def _refresh(self, claim: Claim, export: Export) -> Left:
        made = read_definition(export.definition)
        sheet = self._spreadsheets.one(export.workspace_id, export.spreadsheet_id)
        is_asked_for = claim.run.trigger == "manual"
        scope = self._scope(export, sheet)
        try:
            answered = self._asking.answered(
                scope, made, self._clock.now(), refresh=claim.run.id if is_asked_for else ""
            )
        except BadRequest as refused:
            raise not_allowed(refused, scope) from None
        self._beat(claim)
        content = answered.table.digest()
        book = self._book_of(sheet)
        target = target_of(export, made, answered.days if answered.is_whole else None)
        status = self._status(export, made, answered)
        said: dict[str, Any] = {"run": claim.run.id, "beat": lambda: self._beat(claim)}
        writer = self._writer_of()
        written: Written | None = None
        # Who asks by hand gets it written, whatever happened to the cells meanwhile.
        if content == export.content and made.mode != "append" and not is_asked_for:
            written = writer.tell(book, target, status, same=answered.table, **said)
        is_same = written is not None and written.did != "not there"
        if written is None or not is_same:
            written = writer.refresh(book, target, answered.table, status, **said)
        is_old = written.did == "already"
        if is_old and made.mode != "append":
            # What stands there is what was true when the run was first worked.
            said["run"] = f"{claim.run.id}.{claim.run.attempt}"
            target = replace(target, place=written.place)
            written = writer.refresh(book, target, answered.table, status, **said)
            is_old = written.did == "already"
        rows = answered.table.row_count
        self._exports.succeeded(
            export,
            rows=rows,
            content="" if is_old else content,
            place=written.place.to_text() if written.place is not None else export.place,
            report=report_of(answered, made, written),
            written=not is_same,
        )
        self._ledger.renew(claim, Figures(rows=rows, advanced=True))
        if is_same:
            return Left("done", f"Nothing has changed: {rows:,} rows.")
        if is_old:
            return Left("done", "The rows had been written before it went on.")
        return Left("done", f"{rows:,} rows written.")

    def _scope(self, export: Export, sheet: Spreadsheet) -> WorkspaceScope:
        """Whoever edits a spreadsheet can write into its tab _settings, so what that may show was
        decided by a member."""
        limit = sheet.limit if export.origin == SHEET else Limit()
        return self._accounts.workspace(export.workspace_id).only(limit)

    def _status(self, export: Export, made: Definition, answered: Answered) -> Status:
        now = self._clock.now()
        return Status(
            export=export.name,
            state="Some data is missing" if answered.about.partial else "OK",
            zone=made.zone,
            last_attempt=now,
            last_success=now,
            next_run=export.next_at,
            range_used=answered.range_in_words,
            coverage=answered.coverage_in_words(made.zone),
            shops=answered.shops_in_words,
            truncated=cut_in_words(answered, made),
            message=" ".join(answered.notes),
            refresh_link=self.link_of(export),
        )

    def link_of(self, export: Export) -> str:
        return f"{self._base_url}/sheets/{export.id}"

    def _failed(self, claim: Claim, export: Export, error: ConnectorError) -> Left:
        self._exports.failed(export, error.message)
        self._tell_failure(claim, export, error.message)
        return Left("failed", error.message, reference=error.reference)

    def _tell_failure(self, claim: Claim, export: Export, message: str) -> None:
        """In the spreadsheet, if it can be reached; the rows stay."""
        try:
            made = read_definition(export.definition)
            sheet = self._spreadsheets.one(export.workspace_id, export.spreadsheet_id)
            status = status_as_left(
                export,
                made.zone,
                state="Failed",
                message=message,
                last_attempt=self._clock.now(),
                next_run=export.next_at,
                link=self.link_of(export),
            )
            written = self._writer_of().tell(
                self._book_of(sheet),
                target_of(export, made, None),
                status,
                run=claim.run.id,
                beat=lambda: self._beat(claim),
            )
        except Fenced:
            raise
        except ConnectorError:
            return  # the spreadsheet cannot be reached; the pages and the notices tell it
        if written.place is not None:
            self._exports.found_at(export, written.place.to_text())

    def _beat(self, claim: Claim) -> None:
        """A sign of life; raises Fenced when somebody else has the run."""
        self._ledger.renew(claim, Figures(advanced=True))


def end_refused(
    books: Spreadsheets, of: Export | Spreadsheet, error: ConnectorError, began_at: float
) -> None:
    """Mark a person's sign-in as ended when Google says that its token is no longer one (OAuth 2.0,
    RFC 6749, section 5.2), unless the person has signed in again since `began_at`."""
    if not (isinstance(error, Reauthorise) and "invalid_grant" in error.debug):
        return
    with suppress(BadRequest):  # nobody needs it any more
        grant_id = books.one(of.workspace_id, of.spreadsheet_id).grant_id
        if grant_id and books.grant(of.workspace_id, grant_id).created_at <= began_at:
            books.end_grant(of.workspace_id, grant_id)


def later(claim: Claim, error: Retryable, now: float) -> Left:
    """What waits is tried again, after longer and longer."""
    wait = min(_FIRST_WAIT_SECONDS * 2 ** (claim.run.attempt - 1), _LONGEST_WAIT_SECONDS)
    not_before = now + max(wait, error.retry_after or 0.0)
    return Left("waiting", error.message, not_before, error.reference)


def not_allowed(refused: BadRequest, scope: WorkspaceScope) -> BadRequest:
    """In the words of the tab _settings: its scope is what a member allowed it, so nobody's key is
    to blame."""
    if scope.is_limited and refused.code == "unknown_shop":
        return BadRequest(_NOT_ALLOWED, code=refused.code)
    return refused
