"""What a script may have done with a key of the scope `manage`: start imports, and watch them.

    POST /connector/v1/imports   {"shops": ["7495…"], "start": "2025-01-01", "end": "2026-01-01",
                                  "data": ["orders", "finance"], "reread": false}
    GET  /connector/v1/runs/ID

Without `start` it is "Run import": what is new, now. With it, history, as on the backfill form: the
words mean the same, days are UTC days, and both ends are included. `"shops": "all"` means every
shop that the key opens and that can be read; those that must be connected again are named in
`left_out`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from flask import Blueprint, Response, g, request

from backfill.asking import Asking
from backfill.stages import USUAL
from connector.request import ALL
from errors import BadRequest
from hub.backfill_form import day_of, read_form, readable
from store.accounts import ShopRow
from store.ledger import Run
from store.roles import MANAGE, opens_to

_TOLD: Final = ("id", "shop_id", "kind", "state", "message", "created_at", "started_at")
_MORE: Final = ("finished_at", "rows", "calls", "retries")
#: Python would also read weeks and days without dashes.
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS: Final = ("shops", "start", "end", "data", "reread")


def managing_routes(asking: Asking) -> Blueprint:
    routes = Blueprint("managing", __name__, url_prefix="/connector/v1")
    accounts, ledger, clock = asking.accounts, asking.ledger, asking.clock

    def own_shops() -> list[ShopRow]:
        """Those that were disconnected are among them."""
        return [shop for shop in accounts.scope_of(g.principal).shops() if not shop.is_sample]

    @routes.post("/imports")
    @opens_to(MANAGE)
    def start() -> tuple[Response, int]:
        """Have shops imported: what is new, or history from a day on."""
        asked, now = _asked(), clock.now()
        shops = [shop for shop in own_shops() if shop.state != "disconnected"]
        ids, left_out = _all(shops) if asked["shops"] == ALL else (asked["shops"], [])
        texts = {
            "start": asked.get("start") or day_of(now),
            "end": asked.get("end") or day_of(now),
            "reread": "yes" if asked.get("reread") else "",
        }
        form = read_form(texts, ids, asked.get("data", USUAL), shops, now)
        if form.wish is None:
            raise BadRequest(" ".join(form.entered.problems.values()))
        if asked.get("start"):
            runs = asking.start(g.principal.workspace_id, form.shops, form.wish)
        else:
            runs = asking.import_now(g.principal.workspace_id, form.shops)
        told = [_told(run, _TOLD) for run in runs]
        return _json({"runs": told, "left_out": left_out}), 202

    @routes.get("/runs/<run_id>")
    @opens_to(MANAGE)
    def run(run_id: str) -> Response:
        """How an import goes: `state` is pending, running, waiting, blocked, failed or done. Also
        of a shop that was disconnected since, as long as its data are kept."""
        found = ledger.run(run_id, [g.principal.workspace_id])
        if found.shop_id not in {shop.shop_id for shop in own_shops()}:
            raise BadRequest("There is no such run.", code="not_found")
        return _json(_told(found, (*_TOLD, *_MORE)))

    return routes


def _asked() -> dict[str, Any]:
    """The body, of the right shape. BadRequest."""
    try:
        asked = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        asked = None
    if not isinstance(asked, dict):
        raise BadRequest("The body must be a JSON object.")
    unknown = set(asked) - set(_WORDS)
    if unknown:
        raise BadRequest(f"{min(unknown)[:40]!r} is not known here; known: {', '.join(_WORDS)}.")
    shops = asked.get("shops")
    if shops != ALL and not _are_texts(shops):
        raise BadRequest('"shops" must be a list of shop ids, or "all".')
    if "data" in asked and not (asked["data"] and _are_texts(asked["data"])):
        raise BadRequest('"data" must be a list of kinds of data; leave it out for the usual ones.')
    for name in ("start", "end"):
        if name in asked and not _is_day(asked[name]):
            raise BadRequest(f'"{name}" must be a day such as "2026-03-31".')
    if not isinstance(asked.get("reread", False), bool):
        raise BadRequest('"reread" must be true or false.')
    if not asked.get("start") and asked.keys() & {"end", "data", "reread"}:
        raise BadRequest('"end", "data" and "reread" go with "start".')
    return asked


def _all(shops: Sequence[ShopRow]) -> tuple[list[str], list[Mapping[str, str]]]:
    """The ids of those that can be read, and what is told of the others. BadRequest where none can
    be read."""
    ids = [shop.shop_id for shop in readable(shops)]
    others = [shop for shop in shops if shop.shop_id not in ids]
    if not shops:
        raise BadRequest("No shop is connected that this key opens. Connect one first.")
    if not ids:
        names = ", ".join(shop.name for shop in others[:3])
        raise BadRequest(f"No shop can be read that this key opens: connect {names} again first.")
    return ids, [{"shop_id": shop.shop_id, "state": shop.state} for shop in others]


def _is_day(given: object) -> bool:
    return isinstance(given, str) and _DAY.fullmatch(given) is not None


def _are_texts(given: object) -> bool:
    return isinstance(given, list) and all(isinstance(one, str) for one in given)


def _told(run: Run, names: Sequence[str]) -> Mapping[str, Any]:
    return {name: getattr(run, name) for name in names}


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), mimetype="application/json")
