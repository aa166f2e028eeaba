"""Looker Studio's calls over HTTP: the body is Looker's request verbatim, the answer its response.

`POST /connector/v1/getConfig`, `/getSchema`, `/getData`, `GET /connector/v1/whoami`. Whoever
attaches this blueprint has checked the key and put the principal into `flask.g.principal`.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict
from typing import Final

import orjson
from flask import Blueprint, Response, g, request

from connector.config import ShopChoice, config
from connector.fetch import Answers, choose_shops
from connector.request import parse, parse_options
from connector.schema import schema
from errors import BadRequest
from store.accounts import Accounts, WorkspaceScope

#: Below this a compressed answer saves nothing.
_WORTH_COMPRESSING: Final = 1_400


def blueprint(accounts: Accounts, answers: Answers) -> Blueprint:
    routes = Blueprint("connector", __name__, url_prefix="/connector/v1")

    def workspace() -> WorkspaceScope:
        return accounts.workspace(g.principal.workspace_id)

    @routes.post("/getConfig")
    def get_config() -> Response:
        _body()
        shops = [
            ShopChoice(
                shop_id=shop.shop_id,
                label=shop.name if shop.is_sample else f"{shop.name} ({shop.region})",
                currency=shop.currency,
                zone=shop.shop_zone,
                is_sample=shop.is_sample,
            )
            for shop in workspace().shops()
        ]
        return _json(config(shops))

    @routes.post("/getSchema")
    def get_schema() -> Response:
        options = parse_options(_body().get("configParams"))
        shops = choose_shops(workspace(), options)
        currencies = {name for shop in shops for name in answers.currencies(shop)}
        return _json({"schema": schema({options.currency} if options.currency else currencies)})

    @routes.post("/getData")
    def get_data() -> Response:
        answer = answers.answer(workspace(), parse(_body()))
        body = answer.body
        if request.args.get("explain") == "1":
            explained = {**asdict(answer.plan), "sql": answer.sql}
            body = b'{"plan":%b,"answer":%b}' % (orjson.dumps(explained), body)
        response = _compressed(body)
        response.headers["X-Answer"] = answer.about.header()
        return response

    @routes.get("/whoami")
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
    return _compressed(orjson.dumps(value))


def _compressed(body: bytes) -> Response:
    response = Response(body, mimetype="application/json")
    if len(body) > _WORTH_COMPRESSING and "gzip" in request.headers.get("Accept-Encoding", ""):
        squeezed = zlib.compressobj(level=1, wbits=zlib.MAX_WBITS | 16)
        response.set_data(squeezed.compress(body) + squeezed.flush())
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response
