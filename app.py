"""Where the pages and commands are joined to an installation: settings and clock go in, a Flask app
comes out. Nothing below knows of this module."""

from __future__ import annotations

import os
import sys

from flask import Flask

from cli.register import register as register_commands
from clock import Clock, SystemClock
from connector.configuring import Configuring
from connector.pages import Pages
from connector.routes import blueprint as connector_routes
from errors import Refused
from hub.about_pages import about_routes
from hub.connect import consent_links
from hub.images import image_routes
from hub.import_pages import import_pages
from hub.looker_links import Looker
from hub.members import members_routes
from hub.metrics import observer
from hub.operations import operations_routes
from hub.overview import Overview
from hub.report_pages import report_pages
from hub.shop_pages import shop_pages
from hub.webhooks import webhook_routes
from installation import Installation, ask_google
from logs import configure_logs
from schema_explorer.routes import explorer_routes
from settings import Settings, load
from sheets_export.routes import sheets_routes
from store.images import ImageFolder
from web.attach import attach
from web.google_sign_in import google_sign_in
from web.limits import RequestLimits
from web.proxies import trust_proxies
from web.request_log import observe_requests


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Flask:
    """The app, with its commands. A bad setting ends the process with one sentence."""
    try:
        settings = settings or load(os.environ)
        configure_logs(settings)
        here = Installation(settings, clock or SystemClock())
    except Refused as refused:
        sys.stderr.write(f"{refused.message}\n")
        sys.exit(2)
    app = Flask(__name__, static_folder="web/static")
    app.extensions["installation"] = here
    overview = Overview(
        here.accounts,
        here.ledger,
        here.stores,
        here.clock,
        here.notifications,
        here.farewells,
    )
    configuring = Configuring(here.answers, here.stores, overview.under_way, settings.base_url)
    app.register_blueprint(connector_routes(here.accounts, here.answers, configuring))
    for looked_at in operations_routes(
        here.quick,
        here.folder.root,
        unwraps=here.accounts.unwraps,
        tallies=here.tallies,
        ledger=here.ledger,
        clock=here.clock,
    ):
        app.register_blueprint(looked_at)
    for shop_page in shop_pages(
        overview,
        settings,
        invites=here.invites,
        connecting=here.connecting,
        consent_link=consent_links(settings),
        offered_data=here.offered_data,
        listen=here.listening.listen,
    ):
        app.register_blueprint(shop_page)
    pages = Pages(here.accounts, here.answers, here.clock)
    looker = Looker(settings.looker_host, settings.looker_connector_id, settings.looker_template_id)
    explorer = explorer_routes(ask=pages.ask, subjects=pages.subjects, today=pages.today)
    for page in (explorer, *report_pages(pages, here.ledger, looker, settings.base_url)):
        app.register_blueprint(page)
    app.register_blueprint(sheets_routes(here.sheets))
    for import_page in import_pages(here.asking, here.amounts, here.telling, settings):
        app.register_blueprint(import_page)
    app.register_blueprint(
        image_routes(lambda *place: ImageFolder(here.folder.images_folder(*place)))
    )
    app.register_blueprint(
        members_routes(here.accounts, here.sessions.new_link_token, base_url=settings.base_url)
    )
    app.register_blueprint(
        about_routes(
            operator=settings.operator,
            support_email=settings.support_email,
            data_source_link=looker.data_source() if looker.connector_id else "",
        )
    )
    secrets = (settings.tiktok_app_secret, settings.tiktok_app_secret_previous)
    app.register_blueprint(
        webhook_routes(
            app_key=settings.tiktok_app_key,
            secrets=[secret.get_secret_value() for secret in secrets if secret],
            notifications=here.notifications,
            deauthorised=here.accounts.deauthorised,
        )
    )
    trust_proxies(app, settings.proxies)
    observe_requests(app, here.clock, observer(here.tallies))
    attach(
        app,
        principal_for_key=here.accounts.principal_for_key,
        sessions=here.sessions,
        secure=settings.base_url.startswith("https://"),
        cookie_key=here.vault.cookie_key,
        limits=RequestLimits(
            here.allowed_calls.take,
            here.vault.cookie_key,
            answers_per_minute=settings.requests_per_minute,
        ),
        google=google_sign_in(settings, ask_google, here.clock, here.vault.cookie_key),
    )
    register_commands(app, here)
    return app
