"""Answers getConfig: reads what the shops are like and hands it to the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from connector.chosen import NoSuchClient, choose_shops, opened
from connector.config import Chosen, ShopChoice, config
from connector.fetch import Answers
from connector.live import ShopStores
from connector.request import EACH_CURRENCY, Options, parse_options, report_zone
from connector.standing import Standing, sentence
from errors import BadRequest
from store.accounts import ShopRow, WorkspaceScope

#: More shops than this are not told about one by one.
_MOST_TOLD: Final = 20
_FINANCE: Final = "statement_transactions"


@dataclass(frozen=True, slots=True)
class Configuring:
    """`under_way` says how far a shop's import is, "" when none goes on; `home` is where people
    sign in."""

    answers: Answers
    stores: ShopStores
    under_way: Callable[[ShopRow], str]
    home: str

    def screen(self, workspace: WorkspaceScope, config_params: object) -> dict[str, object]:
        """getConfig's answer to the questions answered so far. Shops that cannot be reported on any
        more are asked for again, and so is a client that has no chosen shop any more. Raises
        BadRequest for an answer that never could be given."""
        given = config_params if isinstance(config_params, Mapping) else {}
        chosen, problem = None, ""
        if given.get("shops"):
            try:
                chosen = self._chosen(workspace, parse_options(given), given)
            except BadRequest as refused:
                if refused.code != "unknown_shop":
                    raise
                problem = refused.message
        offered = [_choice(shop) for shop in workspace.shops()]
        here = (workspace.id, workspace.name)
        return config(here, offered, chosen, problem, opened(workspace))

    def _chosen(
        self, workspace: WorkspaceScope, options: Options, given: Mapping[str, object]
    ) -> Chosen:
        of_all_clients = choose_shops(workspace, replace(options, client=""))
        problem = ""
        try:
            reported = choose_shops(workspace, options)
        except NoSuchClient as gone:
            reported, problem = [], gone.message
        currencies = sorted({name for shop in reported for name in self.answers.currencies(shop)})
        return Chosen(
            shops=[_choice(shop) for shop in of_all_clients],
            has_chosen_client=bool(given.get("client")),
            has_chosen_currency=given.get("currency") in (*currencies, EACH_CURRENCY),
            currencies=currencies,
            told=self._told(reported[:_MOST_TOLD], options),
            untold=max(0, len(reported) - _MOST_TOLD),
            has_one_client=bool(options.client),
            problem=problem,
        )

    def _told(self, shops: Sequence[ShopRow], options: Options) -> list[tuple[str, str]]:
        return [
            (shop.shop_id, sentence(self._standing(shop, options), self.home)) for shop in shops
        ]

    def _standing(self, shop: ShopRow, options: Options) -> Standing:
        manifest = self.stores.columns(shop.workspace_id, shop.shop_id).manifest()
        return Standing(
            name=shop.name,
            state=shop.state,
            zone=report_zone(options, shop.report_zone, shop.shop_zone),
            own_zone=shop.shop_zone,
            orders=manifest.covered("orders"),
            finance=manifest.covered(_FINANCE),
            under_way=self.under_way(shop),
        )


def _choice(shop: ShopRow) -> ShopChoice:
    return ShopChoice(
        shop_id=shop.shop_id,
        label=shop.name if shop.is_sample else f"{shop.name} ({shop.region})",
        zone=shop.shop_zone,
        is_sample=shop.is_sample,
        client=shop.client or "",
    )
