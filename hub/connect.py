"""Connecting a shop: to TikTok's consent page and back, and choosing among the shops of a grant.

Two kinds of people come here: members, who are signed in, and shop owners with an invite, who are
not. The `state` that travels with them is bound to their browser, the workspace, the region and the
invite, and works once; an answer with any other state never reaches the token exchange. What a
guest may do ends with the grant the invite led to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from errors import BadRequest, ConnectorError, Refused
from hub.connecting import Connected, Connecting
from hub.seller_regions import COUNTRIES_OF, SELLER_REGIONS
from settings import Settings
from store.accounts import Accounts
from store.invites import Invites
from store.roles import EDITOR, VIEWER, needs
from store.sessions import ConsentStates, Intent
from tiktok_shop.oauth import consent_link
from tiktok_shop.scopes import missing_data

ConsentLink = Callable[[str, str], str]


def connect_routes(
    *,
    accounts: Accounts,
    states: ConsentStates,
    invites: Invites,
    consent_link: ConsentLink,
    connecting: Connecting,
) -> Blueprint:
    """`consent_link(region, state)` is TikTok's address for the seller; it may raise Refused."""
    routes = Blueprint("connect", __name__, template_folder="templates")

    def to_consent(intent: Intent) -> Response:
        if intent.region not in SELLER_REGIONS:
            raise BadRequest(
                f"Choose the region of your Seller Center: {', '.join(SELLER_REGIONS)}."
            )
        return redirect(consent_link(intent.region, states.new(intent, g.browser)), code=303)

    @routes.get("/connect/tiktok/start")
    @needs(EDITOR, whole=True)
    def start() -> Response:
        workspace_id, shop_id = g.principal.workspace_id, request.args.get("shop", "")
        region = request.args.get("region", "") or known_region(accounts, workspace_id, shop_id)
        if shop_id and not region:
            return redirect(url_for("shops.add", shop=shop_id), code=303)
        return to_consent(Intent(workspace_id, region, shop_id))

    @routes.get("/connect/tiktok/callback")
    @needs(VIEWER)
    def callback() -> Response | tuple[str, int]:
        intent = states.use(request.args.get("state", ""), g.browser)
        try:
            connected = _connect(connecting, invites, intent, _code(request.args))
        except ConnectorError as error:
            return _not_connected(intent, error), error.http_status
        for shop in connected.shops if not intent.invite_id else ():
            flash(f"{shop.name} is connected. Its last 90 days are being imported.", "ok")
        if connected.shops and not connected.missing and not intent.invite_id:
            return redirect("/", code=303)
        return redirect(url_for(".shops", authorization_id=connected.authorization_id), code=303)

    def choice(
        authorization_id: str, ticked: Collection[str] | None = None, problem: str = ""
    ) -> str:
        workspace_id, is_guest = _whose(invites, authorization_id)
        grant = connecting.authorization(workspace_id, authorization_id)
        offered = connecting.offered(workspace_id, authorization_id)
        chosen = [shop.shop_id for shop in offered if shop.is_chosen]
        return render_template(
            "choose_shops.html",
            workspace=accounts.workspace(workspace_id).name,
            grant=grant,
            offered=offered,
            ticked=chosen if ticked is None else ticked,
            problem=problem,
            missing=missing_data(grant.scopes),
            is_guest=is_guest,
        )

    @routes.get("/connect/shops/<authorization_id>")
    @needs(EDITOR, whole=True)
    def shops(authorization_id: str) -> str:
        return choice(authorization_id)

    @routes.post("/connect/shops/<authorization_id>")
    @needs(EDITOR, whole=True)
    def choose(authorization_id: str) -> Response | tuple[str, int]:
        workspace_id, is_guest = _whose(invites, authorization_id)
        # Whether numbers go on under another owner is for the workspace to decide.
        new_owner = not is_guest and request.form.get("new_owner") == "yes"
        chosen = request.form.getlist("shop")
        connecting.authorization(workspace_id, authorization_id)
        try:
            read = connecting.choose(workspace_id, authorization_id, chosen, new_owner=new_owner)
        except ConnectorError as error:
            return choice(authorization_id, chosen, error.message), error.http_status
        if is_guest:
            return redirect(url_for(".shops", authorization_id=authorization_id), code=303)
        flash(f"{' and '.join(shop.name for shop in read)}: the import has begun.", "ok")
        return redirect("/", code=303)

    @routes.get("/connect/invite")
    @needs(VIEWER)
    def invite() -> str:
        found = invites.open(request.args.get("token", ""))
        scope = accounts.workspace(found.workspace_id)
        known = known_region(accounts, found.workspace_id, found.shop_id)
        return render_template(
            "invite.html",
            workspace=scope.name,
            shop=scope.shop(found.shop_id).name if found.shop_id else "",
            regions={known: SELLER_REGIONS[known]} if known else SELLER_REGIONS,
            countries=COUNTRIES_OF,
            token=request.args.get("token", ""),
            expires_at=found.expires_at,
        )

    # A link and no form: browsers that are told to send forms to us only would not follow from one
    # to TikTok. Looking at it uses nothing up.
    @routes.get("/connect/invite/start")
    @needs(VIEWER)
    def start_invited() -> Response:
        found = invites.open(request.args.get("token", ""))
        region = request.args.get("region", "")
        return to_consent(Intent(found.workspace_id, region, found.shop_id, found.id))

    return routes


def consent_links(settings: Settings) -> ConsentLink:
    """TikTok's address for a region and a state; it raises Refused where there is no app."""

    def link(region: str, state: str) -> str:
        if not settings.tiktok_service_id:
            raise Refused("TIKTOK_SERVICE_ID is missing, so sellers cannot be sent to TikTok.")
        base = settings.tiktok_consent_base or ""
        return consent_link(region, settings.tiktok_service_id, state, base=base)

    return link


def known_region(accounts: Accounts, workspace_id: str, shop_id: str) -> str:
    """The consent page a shop was connected with before; "" for no shop, or when it is not known.
    BadRequest `unknown_shop` for a shop of somebody else, or the Sample Account."""
    if not shop_id:
        return ""
    scope = accounts.workspace(workspace_id)
    shop = scope.shop(shop_id)
    if shop.workspace_id != workspace_id:
        raise BadRequest("The Sample Account is always connected.", code="unknown_shop")
    regions = {row.id: row.region for row in scope.authorizations()}
    return regions.get(shop.authorization_id or "", "")


def _code(answer: Mapping[str, str]) -> str:
    """The code of TikTok's answer; BadRequest when the seller said no."""
    code = answer.get("code", "")
    # TikTok says no with the word "null" for a code.
    if code in ("", "null") or "error" in answer:
        raise BadRequest(
            "Access was not granted in TikTok Shop. To connect the shop, start again and agree on "
            "TikTok's page; only the owner or an admin of the shop can."
        )
    return code


def _not_connected(intent: Intent, error: ConnectorError) -> str:
    return render_template(
        "connect/not_connected.html",
        message=error.message,
        reference=error.reference,
        is_guest=bool(intent.invite_id),
        # An invite that cannot be used any more is not found.
        is_open=error.code != "not_found",
        shop_id=intent.shop_id or None,
        regions=SELLER_REGIONS,
        countries=COUNTRIES_OF,
    )


def _connect(connecting: Connecting, invites: Invites, intent: Intent, code: str) -> Connected:
    if not intent.invite_id:
        return connecting.connect(intent, code)
    invites.take(intent.invite_id, g.browser)
    try:
        connected = connecting.connect(intent, code)
    except BaseException:
        invites.give_back(intent.invite_id, g.browser)
        raise
    invites.connected(intent.invite_id, connected.authorization_id)
    return connected


def _whose(invites: Invites, authorization_id: str) -> tuple[str, bool]:
    """The workspace of a grant, and whether it is shown to the guest who has just given it."""
    principal: Any = g.principal
    invited_to = invites.workspace_of_visitor(authorization_id, g.browser)
    if principal is not None and invited_to in (None, principal.workspace_id):
        return principal.workspace_id, False
    if invited_to is None:
        raise BadRequest("There is no such authorization.", code="not_found")
    return invited_to, True
