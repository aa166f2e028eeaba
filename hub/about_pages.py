"""What anybody may read before they sign in: what this is, privacy, terms, support, and the logo.

Looker Studio's gallery asks for these addresses in the connector's manifest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Blueprint, Response, render_template

_LOGO: Final = Path(__file__).parent / "logo.png"
_A_DAY: Final = "public, max-age=86400"


def about_routes(*, operator: str, support_email: str, data_source_link: str) -> Blueprint:
    """`operator`: who runs the installation; `data_source_link`: where the data source is added in
    Looker Studio. Each may be empty: then the pages say it in general words or leave it out."""
    routes = Blueprint("about", __name__, template_folder="templates")

    def page(name: str) -> str:
        return render_template(
            f"about/{name}.html",
            operator=operator,
            support_email=support_email,
            data_source_link=data_source_link,
        )

    @routes.get("/about")
    def about() -> str:
        return page("about")

    @routes.get("/about/privacy")
    def privacy() -> str:
        return page("privacy")

    @routes.get("/about/terms")
    def terms() -> str:
        return page("terms")

    @routes.get("/about/support")
    def support() -> str:
        return page("support")

    @routes.get("/about/logo.png")
    def logo() -> Response:
        response = Response(_LOGO.read_bytes(), mimetype="image/png")
        response.headers["Cache-Control"] = _A_DAY
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return routes
