"""The pages below /fields: search, a field in detail, a preview with rows, and these as a file.

Everybody may read about the fields; rows are for members. A page is the same with and without
script: with it, a form that says `data-live` shows what it finds while one types.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

import orjson
from flask import Blueprint, Response, g, render_template, request

from catalogue.fields import FIELDS
from connector.explain import in_words
from connector.fetch import Answer
from connector.request import GetDataRequest
from connector.rows import Ask, Row, rows
from connector.rows_query import rows_request
from connector.subjects import Subject
from errors import BadRequest, ConnectorError
from schema_explorer import describe
from schema_explorer.choice import OPERATORS, Choice, as_looker, chosen, filter_in_words, is_metric
from schema_explorer.picture import HEIGHT, WIDTH, Picture, picture
from schema_explorer.search import Wanted, find
from store.accounts import Principal
from store.roles import VIEWER, needs
from web.figures import cell

#: The parameters of a search, as `Wanted` has them.
_SEARCH: Final = ("q", "group", "kind", "source")
#: Fields that a search shows; who looks on types another word.
_FIELDS_SHOWN: Final = 40
_ROWS_SHOWN: Final = 100
#: Rows that a chart is made of.
_ROWS_DRAWN: Final = 1_000
#: What most people filter by; any other field may be typed.
_OFTEN_FILTERED: Final = (
    *("order_status", "product_name", "product_id", "seller_sku", "currency", "is_sample_order"),
    *("is_paid", "shop_name", "product_status", "category_name", "return_reason", "cancel_reason"),
    *("payment_method_name", "fulfillment_type", "recipient_region_code", "transaction_type"),
)
#: Questions to begin with.
EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "Sales by day": ("date", "gmv", "orders", "avg_order_value"),
    "Best products": ("product_name", "gmv", "items_sold"),
    "Why goods come back": ("return_reason", "returns", "refund_total"),
    "Fees by statement": ("settlement_date", "settlement_amount", "statement_fee_amount"),
    "Visitors and buyers": ("date", "shop_visitors", "shop_daily_customers"),
}


@dataclass(frozen=True, slots=True)
class Preview:
    """`words`: the plan; `looker`: the request as JSON. `has_more`: rows that are not shown.
    `problem`: why there is nothing."""

    rows: Sequence[Row] = ()
    has_more: bool = False
    picture: Picture | None = None
    words: Sequence[str] = ()
    looker: str = ""
    currency: str = ""
    problem: str = ""


def explorer_routes(
    *,
    ask: Ask,
    subjects: Callable[[Principal], Sequence[Subject]],
    today: Callable[[], dt.date],
) -> Blueprint:
    """`subjects(who)`: what a preview can be about, the usual one first; `today` in UTC,
    for the range until one is chosen."""
    routes = Blueprint("explorer", __name__, template_folder="templates")
    routes.add_app_template_filter(filter_in_words)

    def choice_of_address() -> Choice:
        return chosen(request.args.to_dict(flat=False))

    @routes.get("/fields")
    @needs(VIEWER)
    def page() -> str:
        wanted = Wanted(*(request.args.get(name, "").strip() for name in _SEARCH))
        found = find(wanted)
        return render_template(
            "explorer/fields.html",
            wanted=wanted,
            searched=[(name, request.args.get(name, "")) for name in _SEARCH],
            found=found[:_FIELDS_SHOWN],
            count=len(found),
            groups=describe.groups(),
            kinds=describe.KINDS,
            sources=describe.SOURCES,
            choice=choice_of_address(),
            fields=FIELDS,
            examples=EXAMPLES,
        )

    @routes.get("/fields/<field_id>")
    @needs(VIEWER)
    def detail(field_id: str) -> str:
        known = describe.by_id().get(field_id)
        if known is None:
            raise BadRequest("There is no field at this address.", code="not_found")
        return render_template(
            "explorer/field.html",
            one=known,
            about=describe.about(known.field),
            meaning=describe.KINDS[known.kind],
            formula=describe.formula(known.field),
            made_of=describe.made_of(known.field),
            aggregation=describe.aggregation(known.field),
            companions=describe.companions(field_id),
            choice=choice_of_address(),
            fields=FIELDS,
        )

    @routes.get("/fields/preview")
    @needs(VIEWER)
    def preview() -> tuple[str, int]:
        offered = subjects(g.principal)
        choice = choice_of_address().on_days(today())
        if not choice.shops and offered:
            choice = choice.about(offered[0]).in_one_currency(offered[0])
        subject = next((one for one in offered if choice.is_about(one)), None)
        shown, status = preview_of(choice, subject)
        page = render_template(
            "explorer/preview.html",
            choice=choice,
            subject=subject,
            subjects=offered,
            fields=FIELDS,
            shown=shown,
            cell=cell,
            is_metric=is_metric,
            operators=OPERATORS,
            often_filtered=_OFTEN_FILTERED,
            examples=EXAMPLES,
            rows_shown=_ROWS_SHOWN,
            width=WIDTH,
            height=HEIGHT,
        )
        return page, status

    def preview_of(choice: Choice, subject: Subject | None) -> tuple[Preview, int]:
        if not choice.fields:
            return Preview(), HTTPStatus.OK
        try:
            asked = choice.request()
            # One row more than is drawn, to know whether there are more.
            limited = replace(asked, row_count=_ROWS_DRAWN + 1)
            answer = ask(g.principal, limited, "ndjson", "none")
        except ConnectorError as error:
            return Preview(problem=error.message), error.http_status
        return _preview(choice, asked, answer, subject), HTTPStatus.OK

    @routes.get("/fields/preview.csv")
    @needs(VIEWER)
    def file() -> Response:
        wanted = rows_request(choice_of_address().query(), csv=True)
        answer = ask(g.principal, wanted.asked, wanted.form, "none")
        response = Response([wanted.opening, *answer.body.chunks], mimetype="text/csv")
        response.headers["Content-Disposition"] = "attachment; filename=preview.csv"
        return response

    return routes


def _preview(
    choice: Choice, asked: GetDataRequest, answer: Answer, subject: Subject | None
) -> Preview:
    found = rows(answer)
    known = subject.currencies if subject is not None else ()
    currency = choice.currency or (known[0] if len(known) == 1 else "")
    return Preview(
        rows=found[:_ROWS_SHOWN],
        has_more=len(found) > _ROWS_SHOWN,
        picture=picture(asked.fields, found[:_ROWS_DRAWN], currency),
        words=list(in_words(answer)),
        looker=orjson.dumps(as_looker(asked), option=orjson.OPT_INDENT_2).decode(),
        currency=currency,
    )
