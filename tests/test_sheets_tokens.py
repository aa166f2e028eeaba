"""The server that gives access tokens is out of order: that is no lost sign-in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.auth.exceptions import RefreshError

from errors import Reauthorise, Retryable
from sheets_export.book import Sheets
from sheets_export.drive import Drive
from tests.sheets_emulator.adapters import session
from tests.sheets_writing import Writing

OUTAGE = RefreshError("<html>unavailable</html>", retryable=True)  # type: ignore[no-untyped-call]
WITHDRAWN = RefreshError("invalid_grant", retryable=False)  # type: ignore[no-untyped-call]


def failing(writing: Writing, error: Exception, times: int) -> Sheets:
    """Its session gets no token so many times."""
    made = session(writing.emulator, "token")
    usual, left = made.request, [error] * times

    def request(*sent: Any, **more: Any) -> Any:
        if left:
            raise left.pop()
        return usual(*sent, **more)

    made.request = request  # type: ignore[method-assign]
    return Sheets(made, "who@example.com", writing.clock, writing.budget, jitter=lambda: 0.5)


def test_a_token_that_is_not_to_be_had_now_is_asked_for_again(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    book = failing(writing, OUTAGE, 2).book(writing.book_id)
    assert book.read("spreadsheetId") == {"spreadsheetId": writing.book_id}


def test_an_outage_that_lasts_is_one_to_wait_for(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    with pytest.raises(Retryable, match="did not answer"):
        failing(writing, OUTAGE, 1_000).book(writing.book_id).read("spreadsheetId")
    with pytest.raises(Retryable, match="did not answer"):
        failing(writing, OUTAGE, 1_000).book(writing.book_id).write([])


def test_a_sign_in_that_was_withdrawn_is_told_at_once(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    with pytest.raises(Reauthorise, match=r"who@example\.com\. Connect Google Sheets again"):
        failing(writing, WITHDRAWN, 1).book(writing.book_id).read("spreadsheetId")


@pytest.mark.parametrize(
    ("error", "told"), [(OUTAGE, Retryable), (WITHDRAWN, Reauthorise)], ids=["outage", "withdrawn"]
)
def test_drive_tells_the_same(error: Exception, told: type[Exception]) -> None:
    class NoToken:
        def __getattr__(self, name: str) -> Any:
            return lambda **_: self

        def execute(self) -> Any:
            raise error

    with pytest.raises(told):
        Drive(NoToken(), "who@example.com").look("file")
