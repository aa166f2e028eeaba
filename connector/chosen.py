"""The shops that a data source is about, and what is to be said of them whatever is asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from connector.request import ALL, Options
from errors import BadRequest
from store.accounts import ShopRow, WorkspaceScope

#: With what to do about it; `home` is where people sign in.
_STATE_NOTES: Final = {
    "reauthorise": "{name} has to be connected again; its numbers stopped on the last import. Open "
    "{home}/shops and choose Connect again.",
    "disconnected": "{name} was disconnected; its numbers stopped on the last import. Connect it "
    "again at {home}/shops, or take it out of the data source.",
    "inactive": "TikTok has closed {name}; its numbers stopped on the last import. Its seller "
    "finds the reason in Seller Center; else take it out of the data source.",
}
#: Whatever is in the workspace and not open to the key, or not there at all.
_NOT_OPENED: Final = (
    "Your key does not open this shop. Use a key that does, or choose another shop in the data "
    "source's settings."
)
_CHOOSE_AGAIN: Final = "Choose the client again in the data source's settings."


class NoSuchClient(BadRequest):
    """None of the chosen shops is the chosen client's: it was renamed, or has lost them."""

    default_code = "unknown_shop"


def choose_shops(workspace: WorkspaceScope, options: Options) -> list[ShopRow]:
    """Raises BadRequest(unknown_shop) for a shop that is not the workspace's, nor the sample, for
    one that a limited key does not open, and for shops that were chosen in another workspace;
    NoSuchClient where none is left of the chosen client."""
    if options.workspace not in ("", workspace.id):
        raise BadRequest(
            "This data source was made for another workspace than the one your key belongs to. "
            "Choose the shops again, or enter a key of that workspace.",
            code="unknown_shop",
        )
    chosen = _all_shops(workspace) if options.shops == (ALL,) else _named(workspace, options.shops)
    if options.client:
        chosen = [shop for shop in chosen if shop.client == options.client]
        if not chosen:
            client = options.client[:60]
            told = f"No chosen shop belongs to the client {client} any more."
            if workspace.is_limited:
                told = f"Your key opens no chosen shop of a client {client}."
            raise NoSuchClient(f"{told} {_CHOOSE_AGAIN}")
    return chosen


def _all_shops(workspace: WorkspaceScope) -> list[ShopRow]:
    found = [shop for shop in workspace.shops() if not shop.is_sample]
    if found:
        return found
    if workspace.is_limited:
        told = "Your key opens no shop any more. Use another key, or choose the Sample Account."
    else:
        told = "No shop is connected yet. Connect one, or choose the Sample Account."
    raise BadRequest(told, code="unknown_shop")


def _named(workspace: WorkspaceScope, shop_ids: Iterable[str]) -> list[ShopRow]:
    try:
        return [workspace.shop(shop_id) for shop_id in shop_ids]
    except BadRequest as refused:
        if workspace.is_limited and refused.code == "unknown_shop":
            raise BadRequest(_NOT_OPENED, code="unknown_shop") from refused
        raise


def opened(workspace: WorkspaceScope) -> str:
    """What is open to who is limited to some shops, in words; "" to who is not. Of the others
    nothing is told, not even how many there are."""
    if not workspace.is_limited:
        return ""
    limit = workspace.limit
    named = [shop.name for shop in workspace.shops() if shop.shop_id in limit.shop_ids]
    parts = [", ".join(named)] if named else []
    if limit.clients:
        plural = "s" if len(limit.clients) > 1 else ""
        parts.append(f"shops of client{plural} {', '.join(limit.clients)}")
    return " and ".join(parts) or "the Sample Account"


def limit_notes(workspace: WorkspaceScope, options: Options) -> list[str]:
    """A sentence where all shops were asked for and only some are open to who asks."""
    asks_for_all = options.shops == (ALL,)
    if not (workspace.is_limited and asks_for_all):
        return []
    if options.client and options.client in (workspace.limit.clients or ()):
        return []  # all of the client's are
    return [f"All shops here are those that this access opens: only {opened(workspace)}."]


def state_notes(shops: Iterable[ShopRow], home: str) -> list[str]:
    """Sentences about those that are not read any more; `home` is where people sign in."""
    return [
        _STATE_NOTES[shop.state].format(name=shop.name, home=home)
        for shop in shops
        if shop.state in _STATE_NOTES
    ]
