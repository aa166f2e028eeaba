"""Looker Studio's calls over HTTP: the body is Looker's request verbatim, the answer its response.

`POST /connector/v1/getConfig`, `/getSchema`, `/getData`, `GET /connector/v1/whoami`, and the rows
as a file: `GET /connector/v1/rows.csv`, `/rows.ndjson`. Whoever attaches this blueprint has checked
the key and put the principal into `flask.g.principal`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Final

import orjson
from flask import Blueprint, Response, g, request

from connector.chosen import choose_shops
from connector.configuring import Configuring
from connector.explain import EXAMPLES, explained
from connector.fetch import Answer, Answers
from connector.request import parse, parse_options
from connector.rows_query import rows_request
from connector.sample_rows import sample_response
from connector.schema import schema
from errors import BadRequest
from store.accounts import Accounts, WorkspaceScope
from store.roles import READ, SCOPES, opens_to

#: Below this a compressed answer saves nothing.
_WORTH_COMPRESSING: Final = 1_400


def blueprint(accounts: Accounts, answers: Answers, configuring: Configuring) -> Blueprint:
    routes = Blueprint("connector", __name__, url_prefix="/connector/v1")

    def workspace() -> WorkspaceScope:
        return accounts.scope_of(g.principal)

    @routes.post("/getConfig")
    @opens_to(READ)
    def get_config() -> Response:
        return _json(configuring.screen(workspace(), _body().get("configParams")))

    @routes.post("/getSchema")
    @opens_to(READ)
    def get_schema() -> Response:
        options = parse_options(_body().get("configParams"))
        shops = choose_shops(workspace(), options)
        currencies = {name for shop in shops for name in answers.currencies(shop)}
        return _json({"schema": schema({options.currency} if options.currency else currencies)})

    @routes.post("/getData")
    @opens_to(READ)
    def get_data() -> Response:
        asked = parse(_body())
        is_explained = request.args.get("explain") == "1"
        if asked.sample_extraction:
            examples = [sample_response(asked)]
            return _reply(_beside(EXAMPLES, examples) if is_explained else examples)
        answer = answers.answer(workspace(), asked)
        chunks = answer.body.chunks
        response = _reply(_beside(explained(answer), chunks) if is_explained else chunks)
        return _with_about(response, answer)

    @routes.get("/rows.csv")
    @opens_to(READ)
    def rows_csv() -> Response:
        return rows("rows.csv", "text/csv")

    @routes.get("/rows.ndjson")
    @opens_to(READ)
    def rows_ndjson() -> Response:
        return rows("rows.ndjson", "application/x-ndjson")

    def rows(file: str, kind: str) -> Response:
        wanted = rows_request(request.args.to_dict(flat=False), csv=kind == "text/csv")
        answer = answers.answer(workspace(), wanted.asked, wanted.form)
        response = _reply([wanted.opening, *answer.body.chunks], kind)
        response.headers["Content-Disposition"] = f"attachment; filename={file}"
        return _with_about(response, answer)

    @routes.get("/whoami")
    @opens_to(*SCOPES)
    def whoami() -> Response:
        here = workspace()
        return _json(
            {
                "workspace": {"id": here.id, "name": here.name},
                "scopes": sorted(g.principal.scopes),
                "shops": [shop.shop_id for shop in here.shops()],
            }
        )

    return routes


def _body() -> dict[str, object]:
    """The JSON object that was sent; raises BadRequest."""
    raw = request.get_data(cache=False)
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest("The request is not valid JSON.", debug=str(error)[:200]) from error
    if not isinstance(body, dict):
        raise BadRequest("The request must be a JSON object.")
    return body


def _json(value: object) -> Response:
    return _reply([orjson.dumps(value)])


def _beside(plan: Mapping[str, object], chunks: Sequence[bytes]) -> list[bytes]:
    return [b'{"plan":%b,"answer":' % orjson.dumps(plan), *chunks, b"}"]


def _with_about(response: Response, answer: Answer) -> Response:
    response.headers["X-Answer"] = answer.about.header()
    return response


def _reply(chunks: Sequence[bytes], kind: str = "application/json") -> Response:
    """A body in pieces, which are never put together here: a large one would be there twice."""
    worth_it = sum(map(len, chunks)) > _WORTH_COMPRESSING
    if worth_it and "gzip" in request.headers.get("Accept-Encoding", ""):
        response = Response(_compressed(chunks), mimetype=kind)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response([chunk for chunk in chunks if chunk], mimetype=kind)
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _compressed(chunks: Sequence[bytes]) -> list[bytes]:
    press = zlib.compressobj(level=1, wbits=zlib.MAX_WBITS | 16)
    pieces = [*map(press.compress, chunks), press.flush()]
    return [piece for piece in pieces if piece]
