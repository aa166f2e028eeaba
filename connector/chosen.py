"""The shops that a data source is about, and what is to be said of them whatever is asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from connector.request import Options
from errors import BadRequest
from store.accounts import ShopRow, WorkspaceScope

_STATE_NOTES: Final = {
    "reauthorise": "{name} has to be connected again; its numbers stopped on the last import.",
    "disconnected": "{name} was disconnected; its numbers stopped on the last import.",
    "inactive": "TikTok has closed {name}; its numbers stopped on the last import.",
}


def choose_shops(workspace: WorkspaceScope, options: Options) -> list[ShopRow]:
    """Raises BadRequest(unknown_shop) for a shop that is not the workspace's, nor the sample, and
    for shops that were chosen in another workspace."""
    if options.workspace not in ("", workspace.id):
        raise BadRequest(
            "This data source was made for another workspace than the one your key belongs to. "
            "Choose the shops again, or enter a key of that workspace.",
            code="unknown_shop",
        )
    if options.shops == ("all",):
        chosen = [shop for shop in workspace.shops() if not shop.is_sample]
        if not chosen:
            raise BadRequest(
                "No shop is connected yet. Connect one, or choose the Sample Account.",
                code="unknown_shop",
            )
    else:
        chosen = [workspace.shop(shop_id) for shop_id in options.shops]
    if options.client:
        chosen = [shop for shop in chosen if shop.client == options.client]
        if not chosen:
            raise BadRequest(
                f"No chosen shop belongs to the client {options.client[:60]}.", code="unknown_shop"
            )
    return chosen


def state_notes(shops: Iterable[ShopRow]) -> list[str]:
    """Sentences about those that are not read any more."""
    return [
        _STATE_NOTES[shop.state].format(name=shop.name)
        for shop in shops
        if shop.state in _STATE_NOTES
    ]
