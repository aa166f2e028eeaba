"""batchUpdate: named and protected ranges, the basic filter, developer metadata."""

from __future__ import annotations

import copy

from . import describe
from .areas import CELL_REFERENCE, R1C1, Area
from .discovery import mask_of
from .masks import merged
from .refusals import PROTECTED, Json, invalid
from .workbook import NAME, Workbook, metadata_sheet

METADATA_VALUE_LIMIT = 30_000


def check_range(book: Workbook, grid_range: Json | None) -> Json:
    """The range as it is kept, after a look whether its sheet has it."""
    if grid_range is None:
        raise invalid("No range specified.")
    area = Area.of(grid_range)
    book.tab(area.sheet_id).started_inside(area)
    return area.stored()


def check_name(book: Workbook, name: str | None, besides: str | None) -> None:
    unfit = not name or not NAME.fullmatch(name) or name.lower() in {"true", "false"}
    if unfit or CELL_REFERENCE.fullmatch(name or "") or R1C1.fullmatch(name or ""):
        raise invalid(f"Invalid name for named range: {name or ''}")
    found = book.name(name or "")
    if found and found["namedRangeId"] != besides:
        raise invalid(
            f"Cannot add named range with name: {name}, a named range with that name already"
            " exists."
        )


def add_named_range(book: Workbook, request: Json, user: str) -> Json:
    given = copy.deepcopy(request.get("namedRange") or {})
    check_name(book, given.get("name"), None)
    given["range"] = check_range(book, given.get("range"))
    given["namedRangeId"] = given.get("namedRangeId") or str(book.new_id())
    if any(one["namedRangeId"] == given["namedRangeId"] for one in book.named):
        raise invalid(f"A named range with the id '{given['namedRangeId']}' already exists.")
    book.named.append(given)
    return {"namedRange": describe.named_range(given)}


def _named(book: Workbook, named_range_id: str | None) -> Json:
    for one in book.named:
        if one["namedRangeId"] == named_range_id:
            return one
    raise invalid(f"No NamedRange with id: {named_range_id or ''}")


def update_named_range(book: Workbook, request: Json, user: str) -> None:
    given = copy.deepcopy(request.get("namedRange") or {})
    mask = mask_of("", "NamedRange", request.get("fields"))
    one = _named(book, given.get("namedRangeId"))
    new = merged(one, given, mask) | {"namedRangeId": one["namedRangeId"]}
    check_name(book, new.get("name"), one["namedRangeId"])
    if not mask or "range" in mask:
        new["range"] = check_range(book, new.get("range"))
    book.named[book.named.index(one)] = new


def delete_named_range(book: Workbook, request: Json, user: str) -> None:
    book.named.remove(_named(book, request.get("namedRangeId")))


def _settled_protection(book: Workbook, one: Json, user: str) -> Json:
    places = [name for name in ("range", "namedRangeId", "tableId") if one.get(name)]
    if "range" in one:
        one["range"] = check_range(book, one["range"])
    if len(places) > 1 or not ({"range", "namedRangeId"} & one.keys()):
        raise invalid("Exactly one of range or namedRangeId must be set.")
    if one.get("namedRangeId"):
        _named(book, one["namedRangeId"])
    one.pop("requestingUserCanEdit", None)
    if one.get("warningOnly"):
        one["editors"] = {}
    # The one who protects may go on editing.
    editors = one.setdefault("editors", {})
    editors["users"] = list(dict.fromkeys([*editors.get("users", []), user]))
    return one


def add_protected_range(book: Workbook, request: Json, user: str) -> Json:
    given = copy.deepcopy(request.get("protectedRange") or {})
    one = _settled_protection(book, given, user)
    one["protectedRangeId"] = one.get("protectedRangeId") or book.new_id()
    if any(other["protectedRangeId"] == one["protectedRangeId"] for other in book.protected):
        raise invalid(f"A protected range with id {one['protectedRangeId']} already exists.")
    book.protected.append(one)
    made = describe.protected_range(book, one, user)
    if one.get("warningOnly"):
        # Recorded: the reply names no editors, a later look does.
        made["editors"] = {}
    return {"protectedRange": made}


def _protected(book: Workbook, protected_range_id: int | None, user: str) -> Json:
    for one in book.protected:
        if one["protectedRangeId"] == protected_range_id:
            if not book.may_edit(one, user):
                raise invalid(PROTECTED)
            return one
    raise invalid(f"No protected range with id: {protected_range_id or 0}")


def update_protected_range(book: Workbook, request: Json, user: str) -> None:
    given = copy.deepcopy(request.get("protectedRange") or {})
    mask = mask_of("", "ProtectedRange", request.get("fields"))
    one = _protected(book, given.get("protectedRangeId"), user)
    new = merged(one, given, mask) | {"protectedRangeId": one["protectedRangeId"]}
    book.protected[book.protected.index(one)] = _settled_protection(book, new, user)


def delete_protected_range(book: Workbook, request: Json, user: str) -> None:
    book.protected.remove(_protected(book, request.get("protectedRangeId"), user))


def set_basic_filter(book: Workbook, request: Json, user: str) -> None:
    given = copy.deepcopy(request.get("filter") or {})
    given["range"] = check_range(book, given.get("range"))
    book.tab(given["range"]["sheetId"]).basic_filter = given


def clear_basic_filter(book: Workbook, request: Json, user: str) -> None:
    book.tab(request.get("sheetId") or 0).basic_filter = None


# --- developer metadata ---


def _settled_location(book: Workbook, location: Json | None) -> Json:
    given = {k: v for k, v in (location or {}).items() if v is not None and k != "locationType"}
    if len(given) != 1:
        raise invalid("Exactly one of spreadsheet, sheetId or dimensionRange must be set.")
    if given.get("spreadsheet"):
        return {"locationType": "SPREADSHEET", "spreadsheet": True}
    if "sheetId" in given:
        book.tab(given["sheetId"])
        return {"locationType": "SHEET", "sheetId": given["sheetId"]}
    place = given.get("dimensionRange") or {}
    tab = book.tab(place.get("sheetId") or 0)
    start, end = place.get("startIndex") or 0, place.get("endIndex")
    dimension = place.get("dimension")
    if dimension not in {"ROWS", "COLUMNS"} or end != start + 1 or end > tab.size(dimension):
        raise invalid("The dimensionRange must represent a single row or column.")
    kept = {"sheetId": tab.sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}
    kind = "ROW" if dimension == "ROWS" else "COLUMN"
    return {"locationType": kind, "dimensionRange": kept}


def _check_metadata(one: Json) -> None:
    if not one.get("metadataKey"):
        raise invalid("Developer metadata must have a key specified.")
    if one.get("visibility") not in {"DOCUMENT", "PROJECT"}:
        raise invalid("Developer metadata must have a visibility specified.")
    if len(one.get("metadataValue") or "") > METADATA_VALUE_LIMIT:
        raise invalid("The developer metadata value is too large.")


def create_developer_metadata(book: Workbook, request: Json, user: str) -> Json:
    one = copy.deepcopy(request.get("developerMetadata") or {})
    one["location"] = _settled_location(book, one.get("location"))
    _check_metadata(one)
    one["metadataId"] = one.get("metadataId") or book.new_id()
    if any(other["metadataId"] == one["metadataId"] for other in book.metadata):
        raise invalid(f"Developer metadata with id {one['metadataId']} already exists.")
    book.metadata.append(one)
    return {"developerMetadata": describe.metadata(one)}


def matching_metadata(book: Workbook, data_filter: Json) -> list[Json]:
    """The metadata that a DataFilter selects."""
    lookup = data_filter.get("developerMetadataLookup")
    if lookup is None:
        area = (
            book.area_of(data_filter["a1Range"])
            if data_filter.get("a1Range")
            else Area.of(data_filter.get("gridRange") or {})
        )
        return [one for one in book.metadata if metadata_sheet(one) == area.sheet_id]
    names = ("metadataId", "metadataKey", "metadataValue", "visibility")
    wanted = {name: lookup[name] for name in names if lookup.get(name) is not None}
    found = [one for one in book.metadata if all(one.get(k) == v for k, v in wanted.items())]
    if kind := lookup.get("locationType"):
        found = [one for one in found if one["location"]["locationType"] == kind]
    if lookup.get("metadataLocation"):
        place = _settled_location(book, lookup["metadataLocation"])
        exact = lookup.get("locationMatchingStrategy") == "EXACT_LOCATION"
        found = [one for one in found if _is_at(one["location"], place, exact)]
    return found


def _is_at(location: Json, place: Json, exact: bool) -> bool:
    if exact or place == location or "dimensionRange" in place:
        return location == place
    if place.get("spreadsheet"):
        return True
    inner = location.get("dimensionRange", {}).get("sheetId", location.get("sheetId"))
    return bool(inner == place["sheetId"])


def update_developer_metadata(book: Workbook, request: Json, user: str) -> Json:
    mask = mask_of("", "DeveloperMetadata", request.get("fields"))
    given = copy.deepcopy(request.get("developerMetadata") or {})
    changed = []
    for data_filter in request.get("dataFilters") or []:
        for one in matching_metadata(book, data_filter):
            new = merged(one, given, mask) | {"metadataId": one["metadataId"]}
            new["location"] = _settled_location(book, new.get("location"))
            _check_metadata(new)
            book.metadata[book.metadata.index(one)] = new
            changed.append(describe.metadata(new))
    return {"developerMetadata": changed} if changed else {}


def delete_developer_metadata(book: Workbook, request: Json, user: str) -> Json:
    gone = matching_metadata(book, request.get("dataFilter") or {})
    for one in gone:
        book.metadata.remove(one)
    return {"deletedDeveloperMetadata": [describe.metadata(one) for one in gone]} if gone else {}
