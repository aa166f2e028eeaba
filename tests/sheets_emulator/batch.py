"""spreadsheets.batchUpdate: the requests one after the other on a clone, the replies in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import cells, describe, dimensions, masks, pasting, ranges, sheets
from .refusals import Json, Refusal, invalid
from .workbook import Workbook

Handler = Callable[[Workbook, Json, str], Json | None]


class NotModelled(AssertionError):
    """The API knows this, the emulator does not: no answer of Google's, a limit of the test."""


HANDLERS: Final[dict[str, Handler]] = {
    "addNamedRange": ranges.add_named_range,
    "addProtectedRange": ranges.add_protected_range,
    "addSheet": sheets.add_sheet,
    "appendCells": cells.append_cells,
    "appendDimension": dimensions.append_dimension,
    "autoResizeDimensions": dimensions.auto_resize_dimensions,
    "clearBasicFilter": ranges.clear_basic_filter,
    "copyPaste": pasting.copy_paste,
    "createDeveloperMetadata": ranges.create_developer_metadata,
    "cutPaste": pasting.cut_paste,
    "deleteDeveloperMetadata": ranges.delete_developer_metadata,
    "deleteDimension": dimensions.delete_dimension,
    "deleteNamedRange": ranges.delete_named_range,
    "deleteProtectedRange": ranges.delete_protected_range,
    "deleteSheet": sheets.delete_sheet,
    "duplicateSheet": sheets.duplicate_sheet,
    "insertDimension": dimensions.insert_dimension,
    "mergeCells": cells.merge_cells,
    "moveDimension": dimensions.move_dimension,
    "pasteData": pasting.paste_data,
    "repeatCell": cells.repeat_cell,
    "setBasicFilter": ranges.set_basic_filter,
    "setDataValidation": cells.set_data_validation,
    "sortRange": cells.sort_range,
    "unmergeCells": cells.unmerge_cells,
    "updateBorders": cells.update_borders,
    "updateCells": cells.update_cells,
    "updateDeveloperMetadata": ranges.update_developer_metadata,
    "updateDimensionProperties": dimensions.update_dimension_properties,
    "updateNamedRange": ranges.update_named_range,
    "updateProtectedRange": ranges.update_protected_range,
    "updateSheetProperties": sheets.update_sheet_properties,
    "updateSpreadsheetProperties": sheets.update_spreadsheet_properties,
}


def batch_update(book: Workbook, body: Json, user: str, mask: masks.Mask) -> Json:
    """Works on `book` itself: hand in a clone, and keep it only if this returns. `mask`: the
    answer's, which decides whether cells are told."""
    requests = body.get("requests") or []
    if not requests:
        raise invalid("Must specify at least one request.")
    replies = []
    for number, request in enumerate(requests):
        kinds = [kind for kind, given in (request or {}).items() if given is not None]
        if not kinds:
            raise invalid(f"Invalid requests[{number}]: No request set.")
        kind = kinds[0]
        handler = HANDLERS.get(kind)
        if handler is None:
            raise NotModelled(kind)
        try:
            reply = handler(book, request[kind], user)
        except Refusal as refusal:
            said = f"Invalid requests[{number}].{kind}: {refusal.message}"
            raise Refusal(refusal.code, said, refusal.details) from refusal
        replies.append({kind: reply} if reply else {})
    answer: Json = {"spreadsheetId": book.spreadsheet_id, "replies": replies}
    if body.get("includeSpreadsheetInResponse"):
        answer["updatedSpreadsheet"] = describe.spreadsheet(
            book,
            user,
            body.get("responseRanges") or [],
            bool(body.get("responseIncludeGridData")),
            mask.get("updatedSpreadsheet", {}),
        )
    answer["commentUpdateState"] = "NO_UPDATES_REQUESTED"
    return answer
