"""Calls to the Sheets API for one account: gspread's client, with time-outs, our own retries and
the quota that all processes share.

gspread's own back-off is not used: it never gives up, and it repeats what must not be repeated. A
write is sent once; whether one whose answer was lost has been done is for the caller to look up
(`Unsure`). Sheets API v4.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import gspread
import orjson
import requests
import structlog
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import AuthorizedSession
from gspread.urls import (
    SPREADSHEET_BATCH_UPDATE_URL,
    SPREADSHEET_URL,
    SPREADSHEET_VALUES_BATCH_URL,
    SPREADSHEET_VALUES_URL,
)
from gspread.utils import quote

from clock import Clock
from errors import ConnectorError, RateLimited, Reauthorise, Refused, Retryable
from store.sheet_budget import Kind, SheetBudget

#: Google gives up on a call after 180 s (Sheets API, usage limits).
TIMEOUTS_SECONDS: Final = (10.0, 200.0)

#: How long one call is tried, waiting included.
PATIENCE_SECONDS: Final = 150.0
_FIRST_WAIT_SECONDS: Final = 1.0
_SHORTEST_WAIT_SECONDS: Final = 0.01
_LONGEST_WAIT_SECONDS: Final = 32.0

_JSON: Final = {"Content-Type": "application/json"}
_log = structlog.get_logger(__name__)


Ready = Callable[[], None]


def _at_once() -> None:
    """Nothing has to be looked at before a call."""


class Rejected(Refused):
    """Google took the request for a wrong one and did nothing of it (400). `said`: its words."""

    def __init__(self, said: str) -> None:
        super().__init__(f"Google Sheets did not accept this: {said}", debug=said)
        self.said = said


class Unsure(Retryable):
    """A write whose answer was lost: done, or not."""


class Sheets:
    """`session` carries the account's credentials (`authorised`); `address`: whose they are, which
    every error names; `project`: whose quota it is. `remedy`: what to do when Google no longer
    takes them. `jitter` gives 0 to 1. Threads need one each: a requests session is not for
    several."""

    def __init__(
        self,
        session: requests.Session,
        address: str,
        clock: Clock,
        budget: SheetBudget,
        *,
        project: str = "",
        remedy: str = "Connect Google Sheets again.",
        jitter: Callable[[], float] = random.random,
    ) -> None:
        # gspread types its session as google-auth's; any session of requests does.
        self._http = gspread.Client(auth=None, session=session).http_client  # type: ignore[arg-type]
        self._http.set_timeout(TIMEOUTS_SECONDS)
        self.address = address
        self._clock = clock
        self._budget = budget
        self._project = project
        self._remedy = remedy
        self._jitter = jitter

    def book(self, spreadsheet_id: str) -> Book:
        """One spreadsheet, for as long as something is done with it."""
        return Book(self, spreadsheet_id)

    def call(
        self,
        kind: Kind,
        verb: str,
        address: str,
        *,
        repeats: bool,
        ready: Ready = _at_once,
        **sent: Any,
    ) -> Any:
        """The answer's JSON. `repeats`: doing it twice is doing it once. `ready`: called before
        each try; what it raises goes through. See `Book` for errors."""
        give_up_at = self._clock.monotonic() + PATIENCE_SECONDS
        number = 0
        while True:
            self._budget.acquire(kind, self.address, self._project)
            ready()
            try:
                return self._http.request(verb, address, **sent).json()
            except gspread.exceptions.APIError as error:
                problem = self._problem(kind, error.response, number)
            except (requests.exceptions.RequestException, TransportError, ValueError) as error:
                # ValueError: an answer that is no JSON has been cut off.
                problem = Retryable("Google Sheets did not answer.", debug=type(error).__name__)
            except GoogleAuthError as error:
                if not error.retryable:
                    raise self._no_access(str(error)) from error
                # The server that gives tokens is out of order; nobody took the sign-in back.
                problem = Retryable("Google Sheets did not answer.", debug=str(error)[:200])
            _log.warning("sheets_call_failed", kind=kind, problem=problem.debug, attempt=number)
            if not (repeats or isinstance(problem, RateLimited)):
                raise Unsure(problem.message, debug=problem.debug)
            number += 1
            self.pause(number, give_up_at, problem)

    def pause(self, number: int, give_up_at: float, problem: Retryable) -> None:
        """Wait before try `number` (from 1), longer and longer; raises the problem when that would
        be later than `give_up_at` (monotonic), or when the process stops."""
        longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2 ** (number - 1))
        wait = max(_SHORTEST_WAIT_SECONDS, longest * self._jitter())
        started = self._clock.monotonic()
        if started + wait > give_up_at:
            problem.retry_after = problem.retry_after or _LONGEST_WAIT_SECONDS
            raise problem
        self._clock.sleep(wait)
        if self._clock.monotonic() - started < wait / 2:
            raise Retryable("The program is being stopped.", debug="sheets")

    def _problem(self, kind: Kind, response: requests.Response, number: int) -> Retryable:
        """What may be tried again; raises what may not. The status decides, never the text."""
        status, said = response.status_code, _said(response)
        if status == 429:
            longest = min(_LONGEST_WAIT_SECONDS, 2.0 ** (number + 1))
            self._budget.refused(kind, self.address, longest * self._jitter())
            return RateLimited(
                "Google Sheets allows no more calls at the moment. The export goes on by itself.",
                debug=said,
                retry_after=_LONGEST_WAIT_SECONDS,
            )
        if status >= 500:
            return Retryable("Google Sheets did not answer.", debug=f"{status} {said}")
        raise self._refusal(status, said)

    def _refusal(self, status: int, said: str) -> ConnectorError:
        if status == 401:
            return self._no_access(said)
        if status == 403 and "permission" in said.lower():
            return Refused(
                f"{self.address} may not edit this spreadsheet. Share it with that address as an "
                "editor.",
                debug=said,
            )
        if status == 403:
            return Refused(
                f"Google refuses Sheets to {self.address}: {said} See docs/sheets.md.", debug=said
            )
        if status == 404:
            return Refused(
                f"There is no such spreadsheet, or {self.address} may not see it. Share it with "
                "that address as an editor, or let the export make a new one.",
                debug=said,
            )
        return Rejected(said)

    def _no_access(self, said: str) -> Reauthorise:
        return Reauthorise(
            f"Google no longer accepts the sign-in of {self.address}. {self._remedy}",
            debug=said[:200],
        )


@dataclass(frozen=True)
class Book:
    """One spreadsheet. Every method raises Refused (also Rejected) with a sentence, Reauthorise
    when Google no longer takes the credentials, Retryable or RateLimited when it was tried long
    enough; `write` raises Unsure."""

    sheets: Sheets
    spreadsheet_id: str

    @property
    def url(self) -> str:
        return f"https://docs.google.com/spreadsheets/d/{self.spreadsheet_id}/edit"

    def read(self, fields: str, ranges: Sequence[str] = ()) -> dict[str, Any]:
        """`spreadsheets.get`: of the spreadsheet what the mask `fields` names; with A1 `ranges`
        only the tabs they are on."""
        params = {"fields": fields, **({"ranges": list(ranges)} if ranges else {})}
        address = SPREADSHEET_URL % self.spreadsheet_id
        found: dict[str, Any] = self.sheets.call(
            "read", "get", address, repeats=True, params=params
        )
        return found

    def values(self, ranges: Sequence[str]) -> list[list[list[str]]]:
        """Per A1 range its rows as people see them; empty rows and cells at the end are left
        out."""
        address = SPREADSHEET_VALUES_BATCH_URL % self.spreadsheet_id
        params = {"ranges": list(ranges), "majorDimension": "ROWS"}
        found = self.sheets.call("read", "get", address, repeats=True, params=params)
        return [one.get("values", []) for one in found["valueRanges"]]

    def write(self, requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """`spreadsheets.batchUpdate`: all of it or nothing, in one step for who looks on."""
        return self.send(orjson.dumps({"requests": requests}))

    def send(self, body: bytes, fields: str = "", ready: Ready = _at_once) -> dict[str, Any]:
        """A batchUpdate whose body is made already. With `fields`, a mask, the answer tells what
        has become of the spreadsheet, if the body asks for it. `ready`: see `Sheets.call`."""
        address = SPREADSHEET_BATCH_UPDATE_URL % self.spreadsheet_id
        params = {"fields": f"updatedSpreadsheet({fields})"} if fields else {}
        done: dict[str, Any] = self.sheets.call(
            "write",
            "post",
            address,
            repeats=False,
            ready=ready,
            params=params,
            data=body,
            headers=_JSON,
        )
        return done

    def put(self, area: str, body: bytes, ready: Ready = _at_once) -> None:
        """`values.update` of an A1 area with the values as they are; null leaves a cell alone."""
        address = SPREADSHEET_VALUES_URL % (self.spreadsheet_id, quote(area))
        params = {"valueInputOption": "RAW"}
        self.sheets.call(
            "write",
            "put",
            address,
            repeats=True,
            ready=ready,
            params=params,
            data=body,
            headers=_JSON,
        )


def authorised(credentials: Any) -> requests.Session:
    """A session that signs its calls with credentials of google-auth."""
    session: requests.Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    return session


def _said(response: requests.Response) -> str:
    """Google's sentence; also a proxy's page in between is no reason to stop."""
    try:
        return str(response.json()["error"]["message"])[:500]
    except (ValueError, KeyError, TypeError):
        return response.reason or ""
