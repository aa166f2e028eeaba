"""What pages of our own ask of the answers, for whoever looks at them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from clock import Clock
from connector.cells import Form
from connector.fetch import Answer, Answers, Patience
from connector.request import GetDataRequest
from connector.subjects import Subject, subjects
from connector.zones import today
from store.accounts import Accounts, Principal


@dataclass(frozen=True, slots=True)
class Pages:
    accounts: Accounts
    answers: Answers
    clock: Clock

    def ask(self, who: Principal, asked: GetDataRequest, form: Form, patience: Patience) -> Answer:
        """See `connector.rows.Ask`."""
        scope = self.accounts.scope_of(who)
        return self.answers.answer(scope, asked, form, patience=patience)

    def subjects(self, who: Principal) -> list[Subject]:
        """What a page can be about for somebody, the usual one first."""
        return subjects(self.accounts.scope_of(who).shops(), self.answers.currencies)

    def today(self) -> dt.date:
        """In UTC."""
        return today("UTC", self.clock.now())
