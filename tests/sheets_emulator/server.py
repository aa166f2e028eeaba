"""The emulator: takes one HTTP call, answers as Google does, and keeps what was done."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from . import discovery, files, tokens
from .faults import Lost, Script
from .quotas import Quotas
from .refusals import Refusal, invalid
from .spreadsheets import Spreadsheets, kind_of

TOKEN_HOST: Final = "oauth2.googleapis.com"
HOSTS: Final = {"sheets.googleapis.com": "sheets", "www.googleapis.com": "drive"}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `body` is the text."""

    status: int
    body: str
    content_type: str = "application/json; charset=UTF-8"


@dataclass(frozen=True)
class Seen:
    """One call that came in. `kind`: "Read", "Write" or "Drive"; `status` 0: no answer got out;
    `size`: of the body, in bytes."""

    method: str
    kind: str
    user: str
    status: int
    size: int


class Emulator(Spreadsheets):
    """`now` is the quotas' clock. `between` are called before and after each HTTP call, by nobody
    who is inside one: calls that they make themselves are answered without calling them again."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__()
        self.tokens: dict[str, files.Account] = {}
        #: Who calls without an Authorization header; None: such calls are refused.
        self.visitor: files.Account | None = files.Account("owner@example.com")
        self.quotas = Quotas(now)
        self.script = Script()
        self.between: list[Callable[[], None]] = []
        self.seen: list[Seen] = []
        self._inside = threading.local()

    # --- for the tests ---

    def sign_in(self, token: str, account: files.Account) -> None:
        """Calls with `Authorization: Bearer token` are the account's."""
        self.tokens[token] = account

    # --- HTTP ---

    def handle(self, verb: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        """Raises Lost where the script says that no answer gets out."""
        self._look()
        with self.lock:
            answer = self._answered(verb, url, headers, body or b"")
        self._look()
        return answer

    def _look(self) -> None:
        if getattr(self._inside, "hook", False):
            return
        self._inside.hook = True
        try:
            for hook in self.between:
                hook()
        finally:
            self._inside.hook = False

    def _answered(self, verb: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        split = urlsplit(url)
        if (split.hostname, split.path) == (TOKEN_HOST, "/token"):
            status, said = tokens.issued(body, self.tokens)
            return Answer(status, json.dumps(said))
        api = HOSTS.get(split.hostname or "")
        if api is None:
            return Answer(404, "Not Found", "text/html; charset=UTF-8")
        method, kind, user = "", "", ""
        try:
            query = parse_qs(split.query, keep_blank_values=True)
            call = discovery.matched(api, verb.upper(), split.path, query)
            if call is None:
                return self._noted(Seen("", "", "", 404, len(body)), Answer(404, "Not Found"))
            method = call.method.name
            kind = kind_of(call.method)
            account = self._account(headers)
            user = account.email
            if api == "sheets":
                self.quotas.take(kind, user)
            done = self._served(call, account, body)
        except Refusal as refusal:
            said = refusal.sheets_body() if api == "sheets" else refusal.drive_body()
            answer = Answer(refusal.code, json.dumps(said, indent=2))
            return self._noted(Seen(method, kind, user, refusal.code, len(body)), answer)
        except Lost:
            self.seen.append(Seen(method, kind, user, 0, len(body)))
            raise
        answer = Answer(200, json.dumps(done, ensure_ascii=False, allow_nan=False))
        return self._noted(Seen(method, kind, user, 200, len(body)), answer)

    def _noted(self, seen: Seen, answer: Answer) -> Answer:
        self.seen.append(seen)
        return answer

    def _account(self, headers: dict[str, str]) -> files.Account:
        named = {name.lower(): value for name, value in headers.items()}
        given = named.get("authorization", "")
        account = self.tokens.get(given.removeprefix("Bearer ")) if given else self.visitor
        if account is None:
            raise Refusal(
                401,
                "Request had invalid authentication credentials. Expected OAuth 2 access token,"
                " login cookie or other valid authentication credential.",
            )
        return account

    def _served(self, call: discovery.Call, account: files.Account, body: bytes) -> Any:
        given: Any = {}
        if body and call.method.request:
            try:
                given = json.loads(body)
            except ValueError:
                raise invalid("Invalid JSON payload received. Unexpected token.") from None
        discovery.check_request(call.method, given)
        mask = discovery.answer_mask(call.method, call.query.get("fields"))
        files.check_scope(account, call.method.scopes)
        scripted = self.script.next_for(call.method.name)
        if scripted and not scripted.committed:
            scripted.strike()
        done = self.serve(call, account, given, mask)
        discovery.check_answer(call.method, done)
        if scripted:
            scripted.strike()
        return done
