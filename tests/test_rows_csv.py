"""rows.csv and rows.ndjson: the rows of a plan as a file, for spreadsheets, warehouses, scripts.

The shop is that of `tests.answering`; beside it a shop 222 whose product names are what a file has
to survive.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from catalogue.field import Dimension, Metric
from catalogue.fields import FIELDS
from connector.cells import metric_cell
from store.engine import Engine
from tests.answering import Answering, HandMadeShop, answering, at, fill

pytestmark = pytest.mark.slow

#: Product names, and what a CSV shows of each: a spreadsheet must not take it for a formula.
NAMES = {
    "=1+1": "'=1+1",
    "  =IMPORTXML(1)": "'  =IMPORTXML(1)",
    "\u00a0=2": "'\u00a0=2",
    "+49 cups": "'+49 cups",
    "-5 °C": "'-5 °C",
    "@SUM(A1)": "'@SUM(A1)",
    "\tindented": "'\tindented",
    "\rreturn": "'\rreturn",
    "\uff1dwide": "'\uff1dwide",
    "'quoted": "'quoted",
    "a,b": "a,b",
    'a "big" cup': 'a "big" cup',
    "two\nlines": "two\nlines",
    "two\r\nlines": "two\r\nlines",
    "Café 🎧": "Café 🎧",
    "1=1": "1=1",
    " begins with a space": " begins with a space",
    "plain": "plain",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("rows"))
    fill(test, test.shop(HandMadeShop("111", "First shop", "US")))
    nasty = test.shop(HandMadeShop("222", "Nasty", "US"))
    test.write(
        nasty,
        "order_line_items",
        [
            {
                "line_item_id": f"L{number}",
                "line_key": number,
                "order_id": "A",
                "order_key": 1,
                "create_time": at("2026-08-01 10:00"),
                "update_time": at("2026-08-01 10:00"),
                "product_id": f"P{number}",
                "product_name": name,
                "currency": "USD",
            }
            for number, name in enumerate([*NAMES, "", None], 10)
        ],
    )
    test.cover(nasty, "2026-08-01 00:00", "2026-08-20 12:00", "orders")
    test.publish(nasty)
    yield test
    test.here.close()


def get(test: Answering, file: str, fields: str, key: str | None = None, **query: Any) -> Any:
    asked = {"shops": "111", "start": "2026-08-01", "end": "2026-08-10", **query}
    headers = {"Authorization": f"Bearer {test.key if key is None else key}"}
    headers |= query.pop("headers", {})
    asked.pop("headers", None)
    return test.client.get(
        f"/connector/v1/{file}", query_string={"fields": fields, **asked}, headers=headers
    )


def text(test: Answering, file: str, fields: str, **query: Any) -> str:
    response = get(test, file, fields, **query)
    assert response.status_code == 200, response.get_data(as_text=True)
    body: bytes = response.get_data()
    return body.decode()


def table(test: Answering, fields: str, **query: Any) -> list[list[str]]:
    """The rows of rows.csv as a CSV reader sees them, without the header."""
    lines = io.StringIO(text(test, "rows.csv", fields, **query), newline="")
    return list(csv.reader(lines, strict=True))[1:]


def objects(test: Answering, fields: str, **query: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text(test, "rows.ndjson", fields, **query).splitlines()]


def refused(test: Answering, file: str, fields: str, **query: Any) -> tuple[int, str, str]:
    response = get(test, file, fields, **query)
    error = response.get_json()["error"]
    return response.status_code, error["code"], error["message"]


# -- the form ------------------------------------------------------------------------------------


def test_a_csv_has_a_header_of_ids_and_lines_that_end_in_cr_lf(shop: Answering) -> None:
    assert text(shop, "rows.csv", "date,order_status,gmv,orders,avg_order_value") == (
        "date,order_status,gmv,orders,avg_order_value\r\n"
        "2026-08-01,CANCELLED,8.25,1,8.25\r\n"
        "2026-08-01,COMPLETED,25.5,1,25.5\r\n"
        "2026-08-02,UNPAID,0.0,1,\r\n"
        "2026-08-03,AWAITING_SHIPMENT,100.0,1,100.0\r\n"
    )


def test_ndjson_is_an_object_a_line_with_the_ids_as_keys(shop: Answering) -> None:
    assert text(shop, "rows.ndjson", "date,is_cod,tracking_number,gmv", limit="1") == (
        '{"date":"2026-08-01","is_cod":false,"tracking_number":null,"gmv":33.75}\n'
    )


def test_dates_are_iso_8601(shop: Answering) -> None:
    fields = "date,date_hour,create_time,week_iso,year_month,year_quarter,week_start_date,hour,year"
    assert table(shop, fields, filter="order_id:EQUALS:B") == [
        [
            *("2026-08-01", "2026-08-01 23:00:00", "2026-08-01 23:30:00", "2026-W31", "2026-08"),
            *("2026-Q3", "2026-07-27", "23", "2026"),
        ]
    ]
    assert objects(shop, "create_time,date_hour,paid_date", filter="order_id:EQUALS:B") == [
        {
            "create_time": "2026-08-01T23:30:00",
            "date_hour": "2026-08-01T23:00:00",
            "paid_date": "2026-08-02",
        }
    ]


def test_what_the_answer_says_of_itself_has_iso_dates_too(shop: Answering) -> None:
    assert table(shop, "data_as_of,covered_from,data_note,orders") == [
        ["2026-08-20 12:00:00", "2026-08-01", "", "4"]
    ]
    assert objects(shop, "data_as_of,orders") == [
        {"data_as_of": "2026-08-20T12:00:00", "orders": 4}
    ]


def test_what_is_missing_is_empty_in_csv_and_null_in_ndjson(shop: Answering) -> None:
    empty, missing = (
        table(shop, "product_id,product_name", shops="222", filter=f"product_id:EQUALS:P{number}")
        for number in (28, 29)
    )
    assert (empty, missing) == ([["P28", ""]], [["P29", ""]])
    lines = text(shop, "rows.csv", "product_id,product_name", shops="222").splitlines()
    assert ('P28,""' in lines, "P29," in lines) == (True, True)
    names = objects(shop, "product_id,product_name", shops="222")
    assert [row["product_name"] for row in names[-2:]] == ["", None]


def test_a_row_of_nothing_is_still_a_row(shop: Answering) -> None:
    assert text(shop, "rows.csv", "tracking_number") == 'tracking_number\r\n""\r\n'


def test_every_name_comes_back_from_a_csv_reader(shop: Answering) -> None:
    as_is = table(shop, "product_id,product_name", shops="222", plain="1")
    assert [name for _, name in as_is[:-2]] == list(NAMES)


def test_no_text_is_a_formula_to_a_spreadsheet(shop: Answering) -> None:
    guarded = table(shop, "product_id,product_name", shops="222")
    assert [name for _, name in guarded[:-2]] == list(NAMES.values())


def test_ndjson_leaves_every_text_as_it_is(shop: Answering) -> None:
    rows = objects(shop, "product_id,product_name", shops="222")
    assert [row["product_name"] for row in rows[:-2]] == list(NAMES)


def test_a_negative_number_stays_a_number() -> None:
    metric = FIELDS["net_revenue"]
    assert isinstance(metric, Metric)
    cell = metric_cell("csv", metric, "CAST('-5.50' AS DECIMAL(18, 4))")
    engine = Engine()
    assert engine.query_scalar(f"SELECT {cell}") == "-5.5"
    engine.close()


def test_labels_and_a_byte_order_mark_for_excel(shop: Answering) -> None:
    body = get(shop, "rows.csv", "order_status,gmv", header="labels", bom="1").get_data()
    assert body.startswith(b"\xef\xbb\xbfStatus,GMV\r\n")


def test_no_rows_are_a_header_alone(shop: Answering) -> None:
    nothing = {"filter": "order_id:EQUALS:none"}
    assert text(shop, "rows.csv", "order_id,gmv", **nothing) == "order_id,gmv\r\n"
    assert text(shop, "rows.ndjson", "order_id,gmv", **nothing) == ""


def test_the_answer_says_what_it_is_and_how_fresh(shop: Answering) -> None:
    response = get(shop, "rows.csv", "gmv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == "attachment; filename=rows.csv"
    assert json.loads(response.headers["X-Answer"])["covered_from"] == "2026-08-01"
    assert get(shop, "rows.ndjson", "gmv").headers["Content-Type"] == "application/x-ndjson"


def test_a_long_answer_is_compressed_for_those_who_take_it(shop: Answering) -> None:
    fields = "product_id,product_name,line_item_id,order_id,date,date_hour,create_time,year_month"
    asked = {"fields": fields, "shops": "111,222"}
    plain = get(shop, "rows.csv", **asked)
    packed = get(shop, "rows.csv", **asked, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data


# -- the same as getData -------------------------------------------------------------------------


def test_metrics_have_the_values_of_getdata(shop: Answering) -> None:
    metrics = [name for name, field in FIELDS.items() if isinstance(field, Metric)][:60]
    ((*values,),) = shop.rows(*metrics, options={"shops": "111"})
    (row,) = objects(shop, ",".join(metrics))
    assert list(row) == metrics
    # Looker takes durations as text.
    numbers = [None if value is None else float(value) for value in values]
    assert list(row.values()) == numbers
    (cells,) = table(shop, ",".join(metrics))
    assert [float(cell) if cell else None for cell in cells] == numbers


@pytest.mark.parametrize(
    "home", ["", "orders", "order_line_items", "products", "returns", "statements", "warehouses"]
)
def test_all_dimensions_of_a_table_can_be_written(shop: Answering, home: str) -> None:
    names = [
        name
        for name, field in FIELDS.items()
        if isinstance(field, Dimension) and next(iter(field.homes), "") == home
    ]
    fields = ",".join(names)
    looker = shop.rows(*names, options={"shops": "111"})
    assert len(table(shop, fields)) == len(objects(shop, fields)) == len(looker)


# -- what can be asked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "orders"),
    [
        (["order_status:EQUALS:COMPLETED"], ["A"]),
        (["order_status:equals:COMPLETED"], ["A"]),
        (["order_status:NOT_EQUALS:COMPLETED"], ["B", "C", "D"]),
        (["order_status:IN_LIST:COMPLETED,UNPAID"], ["A", "C"]),
        (["order_status:NOT_IN_LIST:COMPLETED,UNPAID"], ["B", "D"]),
        (["order_status:CONTAINS:L"], ["A", "B"]),
        (["order_status:REGEXP_EXACT_MATCH:(?i)unpaid|cancelled"], ["B", "C"]),
        (["paid_time:IS_NULL"], ["C", "D"]),
        (["paid_time:NOT_IS_NULL"], ["A", "B"]),
        (["date:EQUALS:2026-08-02"], ["C"]),
        (["date:BETWEEN:2026-08-02,2026-08-03"], ["C", "D"]),
        (["date:EQUALS:20260802"], ["C"]),
        (["week_iso:EQUALS:2026-W32"], ["D"]),
        (["year_quarter:EQUALS:2026-Q3", "is_cod:EQUALS:true"], ["D"]),
        (["create_time:EQUALS:2026-08-01 23:30:00"], ["B"]),
        (["create_time:EQUALS:2026-08-01T23:30:00"], ["B"]),
        (["create_time:BETWEEN:2026-08-01,2026-08-02"], ["A", "B", "C"]),
        (["create_time:EQUALS:2026-08-01"], ["A", "B"]),
        (["create_time:NUMERIC_GREATER_THAN:2026-08-01"], ["C", "D"]),
        (["create_time:NOT_EQUALS:2026-08-01"], ["C", "D"]),
        (["date_hour:EQUALS:2026-08-01 10:00:00"], ["A"]),
        (["month:EQUALS:8", "hour:EQUALS:1"], ["D"]),
        (["gmv:NUMERIC_GREATER_THAN:20"], ["A", "D"]),
        (["recipient_state:EQUALS:O\"hio"], ["A"]),
        (["warehouse_name:EQUALS:a:b,c"], []),
        (["date:NUMERIC_GREATER_THAN:2026-08-01", "order_status:EQUALS:UNPAID"], ["C"]),
    ],
)  # fmt: skip
def test_filters_can_be_written_by_hand(
    shop: Answering, filters: list[str], orders: list[str]
) -> None:
    rows = table(shop, "order_id,gmv", filter=filters)
    assert [order for order, _ in rows] == orders


def test_filters_joined_by_or_are_lookers_own_json(shop: Answering) -> None:
    def clause(field: str, value: str) -> dict[str, Any]:
        return {"fieldName": field, "type": "INCLUDE", "operator": "EQUALS", "values": [value]}

    either = [[clause("order_status", "UNPAID"), clause("date", "2026-08-03")]]
    assert table(shop, "order_id", filter=json.dumps(either)) == [["C"], ["D"]]
    both = json.dumps([[clause("order_status", "UNPAID")], [clause("date", "2026-08-03")]])
    assert table(shop, "order_id", filter=both) == []


def test_pages_put_together_are_the_whole(shop: Answering) -> None:
    whole = table(shop, "order_id,product_id,items_ordered")
    assert len(whole) == 5
    pages = [
        table(shop, "order_id,product_id,items_ordered", limit="2", offset=str(offset))
        for offset in (0, 2, 4, 6)
    ]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [row for page in pages for row in page] == whole
    assert table(shop, "order_id,product_id,items_ordered", offset="4") == whole[4:]


def test_the_options_are_those_of_the_data_source(shop: Answering) -> None:
    assert table(shop, "date,gmv", order_date="paid") == [
        ["2026-08-01", "25.5"],
        ["2026-08-02", "8.25"],
    ]
    assert table(shop, "date,gmv", time_zone="America/New_York") == [
        ["2026-08-01", "33.75"],
        ["2026-08-02", "100.0"],
    ]
    early = {"start": "2026-07-01", "end": "2026-08-02"}
    assert refused(shop, "rows.csv", "gmv", strict="true", **early)[:2] == (503, "not_ready")
    assert refused(shop, "rows.csv", "gmv", currency="EUR")[:2] == (400, "bad_request")


def test_lists_may_be_given_in_several_parameters(shop: Answering) -> None:
    response = shop.client.get(
        "/connector/v1/rows.csv?fields=order_id&fields=gmv&shops=111&shops=222"
        "&start=2026-08-01&end=2026-08-01",
        headers={"Authorization": f"Bearer {shop.key}"},
    )
    assert response.get_data(as_text=True).splitlines()[0] == "order_id,gmv"


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["rows.csv", "rows.ndjson"])
@pytest.mark.parametrize(
    ("query", "status", "code", "word"),
    [
        ({"fields": ""}, 400, "bad_request", "at least one field"),
        ({"fields": "gvm"}, 400, "unknown_field", "gmv"),
        ({"shops": ""}, 400, "bad_request", "shop"),
        ({"shops": "999"}, 404, "unknown_shop", "not connected"),
        ({"start": ""}, 400, "bad_date_range", "both start and end"),
        ({"start": "2026-08-11"}, 400, "bad_date_range", "before it starts"),
        ({"start": "01.08.2026"}, 400, "bad_date_range", "2026-08-31"),
        ({"limit": "many"}, 400, "bad_request", "limit"),
        ({"limit": "-1"}, 400, "bad_request", "limit"),
        ({"offset": "1.5"}, 400, "bad_request", "offset"),
        ({"limit": ["1", "2"]}, 400, "bad_request", "once"),
        ({"filter": "order_status"}, 400, "bad_request", "order_status:EQUALS:COMPLETED"),
        ({"filter": "order_status:LIKE:x"}, 400, "bad_request", "LIKE"),
        ({"filter": "nothing:EQUALS:x"}, 400, "unknown_field", "nothing"),
        ({"filter": "[oops"}, 400, "bad_request", "JSON"),
        ({"filter": '["oops"]'}, 400, "bad_request", "list of lists"),
        ({"filter": '[[{"fieldName": "date"}]]'}, 400, "bad_request", "operator"),
        ({"colour": "red"}, 400, "bad_request", "colour"),
        ({"explain": "1"}, 400, "bad_request", "explain"),
        ({"limt": "1"}, 400, "bad_request", "Did you mean limit"),
        ({"time_zone": "Mars/Base"}, 400, "bad_request", "Mars/Base"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_sentence(
    shop: Answering, file: str, query: dict[str, Any], status: int, code: str, word: str
) -> None:
    fields = query.pop("fields", "gmv")
    seen_status, seen_code, message = refused(shop, file, fields, **query)
    query["fields"] = fields
    assert (seen_status, seen_code) == (status, code)
    assert word in message


@pytest.mark.parametrize(
    ("file", "query"),
    [
        ("rows.csv", {"header": "none"}),
        ("rows.csv", {"bom": "maybe"}),
        ("rows.ndjson", {"header": "labels"}),
        ("rows.ndjson", {"bom": "1"}),
        ("rows.ndjson", {"plain": "1"}),
    ],
)
def test_what_makes_no_sense_for_a_file_is_refused(
    shop: Answering, file: str, query: dict[str, str]
) -> None:
    assert refused(shop, file, "gmv", **query)[:2] == (400, "bad_request")


@pytest.mark.parametrize("file", ["rows.csv", "rows.ndjson"])
def test_a_key_is_needed_and_another_workspaces_shop_is_unknown(shop: Answering, file: str) -> None:
    assert get(shop, file, "gmv", key="").status_code == 401
    assert get(shop, file, "gmv", shops="../111").status_code == 404
