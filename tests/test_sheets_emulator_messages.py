"""Requests and answers are held against the discovery documents; grammar of masks and titles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sheets_emulator import masks
from tests.sheets_emulator.areas import Area, a1, column_of, letters, quoted
from tests.sheets_emulator.changes import Deleted, Inserted, Moved
from tests.sheets_emulator.discovery import check_answer, check_request, matched
from tests.sheets_emulator.refusals import Json, Refusal
from tests.sheets_emulator.schemas import thinned


def method(name: str, api: str = "sheets") -> Any:
    address = {
        "values.get": ("GET", "/v4/spreadsheets/x/values/A1"),
        "batchUpdate": ("POST", "/v4/spreadsheets/x:batchUpdate"),
        "values.batchUpdate": ("POST", "/v4/spreadsheets/x/values:batchUpdate"),
        "permissions": ("POST", "/drive/v3/files/x/permissions"),
    }[name]
    found = matched(api, *address, {})
    assert found
    return found.method


@pytest.mark.parametrize(
    ("verb", "path", "name", "parameter"),
    [
        ("GET", "/v4/spreadsheets/x", "get", None),
        ("POST", "/v4/spreadsheets", "create", None),
        ("POST", "/v4/spreadsheets/x:batchUpdate", "batchUpdate", None),
        ("GET", "/v4/spreadsheets/x/values/A1:B2", "values.get", "A1:B2"),
        ("GET", "/v4/spreadsheets/x/values/%27a%2Fb%27%21A1", "values.get", "'a/b'!A1"),
        ("POST", "/v4/spreadsheets/x/values/A1:B2:append", "values.append", "A1:B2"),
        ("POST", "/v4/spreadsheets/x/values/T%21A:C:clear", "values.clear", "T!A:C"),
        ("POST", "/v4/spreadsheets/x/values:batchUpdate", "values.batchUpdate", None),
        ("PUT", "/v4/spreadsheets/x/values/A1", "values.update", "A1"),
    ],
)
def test_an_address_means_a_method(verb: str, path: str, name: str, parameter: str | None) -> None:
    found = matched("sheets", verb, path, {})
    assert found
    assert found.method.name == "sheets.spreadsheets." + name
    assert found.path.get("range") == parameter


def test_an_address_that_is_none_means_nothing() -> None:
    assert matched("sheets", "DELETE", "/v4/spreadsheets/x", {}) is None


def test_a_query_is_checked_and_truth_may_be_written_large() -> None:
    path = "/v4/spreadsheets/x"
    found = matched("sheets", "GET", path, {"includeGridData": ["True"], "ranges": ["A", "B"]})
    assert found
    assert found.query == {"includeGridData": True, "ranges": ["A", "B"]}
    for query in ({"nonsense": ["1"]}, {"includeGridData": ["maybe"]}):
        with pytest.raises(Refusal):
            matched("sheets", "GET", path, query)
    drive = matched("drive", "GET", "/drive/v3/files/x", {"includeItemsFromAllDrives": ["True"]})
    assert drive


def test_null_stands_for_not_set() -> None:
    check_request(
        method("values.batchUpdate"),
        {"data": [{"range": "A1", "majorDimension": None, "values": [[None, 1, "a", True]]}]},
    )


@pytest.mark.parametrize(
    "body",
    [
        {"requests": {}},
        {"requests": [{"updateCells": {"rows": [{"values": [{"note": 7}]}]}}]},
        {"requests": [{"updateCells": {"fields": ["note"]}}]},
        {"requests": [{"appendDimension": {"dimension": "DIAGONALS"}}]},
        {"requests": [{"addNamedRange": {"namedRange": {"range": {"sheet": 0}}}}]},
        {"request": []},
        [],
    ],
)
def test_what_is_no_message_is_refused(body: Any) -> None:
    with pytest.raises(Refusal) as caught:
        check_request(method("batchUpdate"), body)
    assert caught.value.code == 400


def test_one_wrong_cell_among_thousands_is_found() -> None:
    good: Json = {"userEnteredValue": {"numberValue": 1}}
    rows: list[Json] = [{"values": [good] * 25} for _ in range(1000)]
    rows[777] = {"values": [good] * 24 + [{"userEnteredValue": {"numberValue": "many"}}]}
    with pytest.raises(Refusal, match="number_value"):
        check_request(method("batchUpdate"), {"requests": [{"updateCells": {"rows": rows}}]})
    rows[777] = {"values": [good] * 24 + [{"userEnteredValue": {"stringValue": "x"}, "note": "x"}]}
    check_request(method("batchUpdate"), {"requests": [{"updateCells": {"rows": rows}}]})


def test_thinning_keeps_one_member_of_each_shape() -> None:
    assert thinned([1, 2.5, "a"] * 100) == [1, 2.5, "a"]
    assert thinned([[1, 2], [3, "x"]] * 100) == [[1, 2], [3, "x"]]


def test_our_own_answers_must_be_messages_too() -> None:
    check_answer(method("values.get"), {"range": "A1", "values": [["x", 1, True]]})
    with pytest.raises(AssertionError, match=r"values\.get"):
        check_answer(method("values.get"), {"rnge": "A1"})


# --- grammar ---


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("*", {}),
        ("a", {"a": {}}),
        ("a.b,a.c", {"a": {"b": {}, "c": {}}}),
        ("a(b,c/d),e", {"a": {"b": {}, "c": {"d": {}}}, "e": {}}),
        ("a.*", {"a": {}}),
        ("a,a.b", {"a": {}}),
        ("user_entered_value", {"userEnteredValue": {}}),
    ],
)
def test_masks_are_trees(text: str, tree: Any) -> None:
    assert masks.parsed(text) == tree


@pytest.mark.parametrize("text", ["a(", "a)", ",", "a..b", "a b;"])
def test_what_is_no_mask(text: str) -> None:
    with pytest.raises(masks.BadMask):
        masks.parsed(text)


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("Sales", "Sales"),
        ("Sheet_1", "Sheet_1"),
        ("TRUE", "TRUE"),
        ("x.y", "x.y"),
        ("Sales2", "Sales2"),
        ("Probe Tab", "'Probe Tab'"),
        ("A1", "'A1'"),
        ("ABC1234", "'ABC1234'"),
        ("R1C1", "'R1C1'"),
        ("2026", "'2026'"),
        ("Ünï", "'Ünï'"),
        ("a-b", "'a-b'"),
        ("It's", "'It''s'"),
    ],
)
def test_titles_are_quoted_as_google_does(title: str, written: str) -> None:
    """Recorded on the live API."""
    assert quoted(title) == written


def test_columns_have_letters() -> None:
    pairs = {0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA", 18_277: "ZZZ"}
    assert {number: letters(number) for number in pairs} == pairs
    assert {column_of(text): text for text in pairs.values()} == pairs


def test_open_ranges_are_named_as_far_as_they_are_bounded() -> None:
    assert a1("T", Area(0, 1000, None, 0, 2)) == "T!A1001:B"
    assert a1("T", Area(0, 0, 2, 26, None)) == "T!AA1:2"
    assert a1("T", Area(0, 4, 5, 1, 2)) == "T!B5"


def test_what_inserting_deleting_and_moving_do_to_a_span() -> None:
    """The span is rows 3 to 6, that is 2 to 6 half open."""
    assert Inserted(2, 3).span(2, 6) == (5, 9)
    assert Inserted(4, 3).span(2, 6) == (2, 9)
    assert Inserted(6, 3).span(2, 6) == (2, 6)
    assert Deleted(0, 3).span(2, 6) == (0, 3)
    assert Deleted(4, 9).span(2, 6) == (2, 4)
    assert Deleted(2, 6).span(2, 6) is None
    assert Moved(0, 1, 9).span(2, 6) == (1, 5)
    assert Moved(8, 9, 0).span(2, 6) == (3, 7)
    assert Moved(3, 4, 5).span(2, 6) == (2, 6)
    assert Moved(3, 4, 9).span(2, 6) == (2, 5)
    assert Moved(1, 7, 10).span(2, 6) == (5, 9)
