"""Whom the workspace's notices go to, a way to try it, and what was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hub.forms import UNUSABLE, Entered
from notices.addresses import addresses_in, problem_of_addresses, problem_of_webhook
from store.notices import DIGESTS, Channels, Notices
from store.roles import EDITOR, needs

DIGEST_WORDS: Final[Mapping[str, str]] = {
    "none": "No digest",
    "daily": "Every day at 06:00 UTC",
    "weekly": "Every Monday at 06:00 UTC",
}

#: What a delivery's state is called, and the tone of its pill.
DELIVERY_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "due": ("On its way", "busy"),
    "sent": ("Sent", "ok"),
    "failed": ("Not sent", "bad"),
}

CHANNEL_WORDS: Final[Mapping[str, str]] = {"email": "E-mail", "webhook": "Webhook"}

#: As many messages as a page shows.
_SHOWN: Final = 50


def entered_of(channels: Channels) -> Entered:
    """The form of what is set; the webhook's address is a credential and is not repeated."""
    return Entered({"addresses": "\n".join(channels.addresses), "digest": channels.digest})


def read_channels(
    form: Mapping[str, str], before: Channels, hosts: Sequence[str], *, sends_mail: bool
) -> tuple[Entered, Channels]:
    """What somebody wants, and what is wrong with it. An empty webhook field leaves the webhook as
    it is; a tick removes it. Pure."""
    values = {
        name: form.get(name, "").strip() for name in ("addresses", "webhook", "digest", "remove")
    }
    addresses = addresses_in(values["addresses"])
    problems: dict[str, str] = {}
    if addresses and not sends_mail:
        problems["addresses"] = "This installation has no mail server yet, so it can send no mail."
    elif problem := problem_of_addresses(addresses):
        problems["addresses"] = problem
    if values["webhook"] and (problem := problem_of_webhook(values["webhook"], hosts)):
        problems["webhook"] = problem
    if values["digest"] not in DIGESTS:
        problems["digest"] = "Choose one of the list."
    kept = "" if values["remove"] == "yes" else before.webhook
    chosen = Channels(tuple(addresses), values["webhook"] or kept, values["digest"])
    return Entered(values, problems), chosen


def notice_routes(
    *,
    notices: Notices,
    try_out: Callable[[str], bool],
    hosts: Sequence[str],
    sends_mail: bool,
) -> Blueprint:
    """`try_out(workspace_id)` asks for a test message; `hosts`: those that a webhook may have."""
    routes = Blueprint("notices", __name__, template_folder="templates")

    def shown(entered: Entered, channels: Channels) -> str:
        return render_template(
            "notices/page.html",
            entered=entered,
            webhook_host=urlsplit(channels.webhook).hostname or "",
            channels=channels,
            hosts=hosts,
            sends_mail=sends_mail,
            digests=list(DIGEST_WORDS.items()),
            messages=notices.messages(g.principal.workspace_id, _SHOWN),
            delivery_words=DELIVERY_WORDS,
            channel_words=CHANNEL_WORDS,
        )

    @routes.get("/settings/notices")
    @needs(EDITOR, whole=True)
    def page() -> str:
        channels = notices.channels(g.principal.workspace_id)
        return shown(entered_of(channels), channels)

    @routes.post("/settings/notices")
    @needs(EDITOR, whole=True)
    def change() -> Response | tuple[str, int]:
        before = notices.channels(g.principal.workspace_id)
        entered, chosen = read_channels(request.form, before, hosts, sends_mail=sends_mail)
        if entered.problems:
            return shown(entered, before), UNUSABLE
        notices.set_channels(g.principal.workspace_id, chosen)
        flash("Saved. Send a test to see that it arrives.", "ok")
        return redirect(url_for(".page"), code=303)

    @routes.post("/settings/notices/test")
    @needs(EDITOR, whole=True)
    def test() -> Response:
        if not notices.channels(g.principal.workspace_id).names:
            flash("Set an e-mail address or a webhook first.", "warn")
        elif try_out(g.principal.workspace_id):
            flash("A test is on its way. Load this page again to see whether it arrived.", "ok")
        else:
            flash("A test was sent a moment ago. Wait a minute before the next one.", "warn")
        return redirect(url_for(".page"), code=303)

    return routes
