"""The spreadsheets and files that are kept, and what each method does with them."""

from __future__ import annotations

import threading
from typing import Any, Final

from . import batch, describe, discovery, files, masks, ranges, values
from .defaults import new_properties
from .refusals import Json, Refusal
from .sheets import new_tab
from .workbook import Workbook

PREFIX: Final = "sheets.spreadsheets."

#: POSTs of Sheets that change nothing.
READING_POSTS: Final = frozenset({PREFIX + "developerMetadata.search"})


def kind_of(method: discovery.Method) -> str:
    """What the call counts as: "Read", "Write", or "Drive"."""
    if method.api == "drive":
        return "Drive"
    return "Read" if method.verb == "GET" or method.name in READING_POSTS else "Write"


class Spreadsheets:
    """Books and files by id. A write works on a clone, which takes the book's place at the end."""

    def __init__(self) -> None:
        self.books: dict[str, Workbook] = {}
        self.files: dict[str, files.File] = {}
        #: Held while a write goes from its clone to the kept book.
        self.lock = threading.RLock()

    def create(
        self,
        owner: str = "owner@example.com",
        title: str = "Report",
        sheets: list[Json] | None = None,
        **properties: str,
    ) -> Workbook:
        """A spreadsheet that is there already; `sheets` are SheetProperties."""
        book = Workbook(f"1spreadsheet{len(self.files) + 1:032d}", {})
        book.owner = owner
        book.properties = {**new_properties(title), **properties}
        for given in sheets or [{"title": "Sheet1"}]:
            new_tab(book, given)
        self.books[book.spreadsheet_id] = book
        file = files.File(book.spreadsheet_id, title, files.SPREADSHEET)
        file.share("user", "owner", owner)
        self.files[book.spreadsheet_id] = file
        return book

    def by_hand(self, spreadsheet_id: str, *requests: Json, user: str | None = None) -> list[Json]:
        """What a person does in the window: no call, no quota, no hook. The replies."""
        with self.lock:
            copy = self.books[spreadsheet_id].clone()
            done = batch.batch_update(copy, {"requests": list(requests)}, user or copy.owner, {})
            self.books[spreadsheet_id] = copy
        replies = done["replies"]
        assert isinstance(replies, list)
        return replies

    def look(
        self, spreadsheet_id: str, text: str, render: str = "UNFORMATTED_VALUE"
    ) -> list[list[Any]]:
        """The values of a range as a person sees them, without a call."""
        options = (render, "SERIAL_NUMBER")
        found = values.read_range(self.books[spreadsheet_id], text, "ROWS", options)
        rows = found.get("values", [])
        assert isinstance(rows, list)
        return rows

    def serve(
        self, call: discovery.Call, account: files.Account, body: Json, mask: masks.Mask
    ) -> Any:
        """The answer to a call that is well formed. Raises Refusal."""
        if call.method.api == "drive":
            return self._drive(call, account, body, mask)
        return self._sheets(call, account, body, mask)

    # --- Drive ---

    def _drive(
        self, call: discovery.Call, account: files.Account, body: Json, mask: masks.Mask
    ) -> Any:
        name = call.method.name
        if name == "drive.files.create":
            book = self.create(account.email, body.get("name") or "Untitled")
            file = self.files[book.spreadsheet_id]
            file.mime_type = body.get("mimeType") or "application/octet-stream"
            account.opened.add(file.file_id)
            return files.shown_file(file, account, mask)
        if name not in {
            "drive.files.get",
            "drive.permissions.list",
            "drive.permissions.create",
        }:
            raise batch.NotModelled(name)
        file = files.drive_file(self.files, call.path["fileId"], account)
        if name == "drive.files.get":
            return files.shown_file(file, account, mask)
        if name == "drive.permissions.list":
            return files.list_permissions(file, account, mask)
        return files.create_permission(file, account, body, mask)

    # --- Sheets ---

    def _sheets(
        self, call: discovery.Call, account: files.Account, body: Json, mask: masks.Mask
    ) -> Any:
        name = call.method.name.removeprefix(PREFIX)
        if name == "create":
            return self._create(account, body, mask)
        writing = kind_of(call.method) == "Write"
        file = self.files.get(call.path["spreadsheetId"])
        files.check_access(file, account, writing)
        book = self.books[call.path["spreadsheetId"]]
        asked = {**call.query, **call.path}
        if not writing:
            return masks.projected(self._read(name, book, asked, body, account, mask), mask)
        copy = book.clone()
        done = self._write(name, copy, asked, body, account, mask)
        self.books[book.spreadsheet_id] = copy
        self.files[book.spreadsheet_id].name = str(copy.properties["title"])
        return masks.projected(done, mask)

    def _create(self, account: files.Account, body: Json, mask: masks.Mask) -> Any:
        given = body.get("properties") or {}
        sheets = [sheet.get("properties") or {} for sheet in body.get("sheets") or []]
        if any(set(sheet) - {"properties"} for sheet in body.get("sheets") or []):
            raise batch.NotModelled("create with more than sheet properties")
        more = {k: v for k, v in given.items() if k in {"locale", "timeZone", "autoRecalc"}}
        book = self.create(
            account.email, given.get("title") or "Untitled spreadsheet", sheets, **more
        )
        account.opened.add(book.spreadsheet_id)
        return describe.spreadsheet(book, account.email, [], False, mask)

    def _read(
        self,
        name: str,
        book: Workbook,
        asked: dict[str, Any],
        body: Json,
        account: files.Account,
        mask: masks.Mask,
    ) -> Any:
        major = asked.get("majorDimension")
        if name == "get":
            return describe.spreadsheet(
                book,
                account.email,
                asked.get("ranges", []),
                bool(asked.get("includeGridData")),
                mask,
            )
        if name == "values.get":
            options = values.render_options(asked, values.RENDER)
            return values.read_range(book, asked["range"], major, options)
        if name == "values.batchGet":
            options = values.render_options(asked, values.RENDER)
            texts = asked.get("ranges", [])
            found = [values.read_range(book, text, major, options) for text in texts]
            answer: Json = {"spreadsheetId": book.spreadsheet_id}
            return {**answer, "valueRanges": found} if found else answer
        if name == "developerMetadata.get":
            for one in book.metadata:
                if str(one["metadataId"]) == asked["metadataId"]:
                    return describe.metadata(one)
            raise Refusal(404, f"No developer metadata with ID {asked['metadataId']}.")
        if name == "developerMetadata.search":
            matched = [
                {"developerMetadata": describe.metadata(one), "dataFilters": [wanted]}
                for wanted in body.get("dataFilters") or []
                for one in ranges.matching_metadata(book, wanted)
            ]
            return {"matchedDeveloperMetadata": matched} if matched else {}
        raise batch.NotModelled(name)

    def _write(
        self,
        name: str,
        book: Workbook,
        asked: dict[str, Any],
        body: Json,
        account: files.Account,
        mask: masks.Mask,
    ) -> Any:
        user = account.email
        if name == "batchUpdate":
            return batch.batch_update(book, body, user, mask)
        if name == "values.update":
            return values.write_range(book, asked["range"], body, asked, user)
        if name == "values.batchUpdate":
            return values.write_ranges(book, body, user)
        if name == "values.append":
            return values.append(book, asked["range"], body, asked, user)
        answer = {"spreadsheetId": book.spreadsheet_id}
        if name == "values.clear":
            return {**answer, "clearedRange": values.clear(book, asked["range"], user)}
        if name == "values.batchClear":
            return {**answer, "clearedRanges": values.clear_all(book, body, user)}
        raise batch.NotModelled(name)
