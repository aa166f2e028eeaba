"""Our copies of product pictures. Open to whoever has the address: Looker Studio asks for pictures
without sign-in or key, and the keyed name in the address cannot be guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response

from errors import BadRequest
from store.images import ADDRESS, ImageFolder

_TYPES: Final = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
}
_A_YEAR: Final = "public, max-age=31536000, immutable"


def image_routes(folder_of: Callable[[str, str], ImageFolder]) -> Blueprint:
    """`folder_of(workspace_id, shop_id)` may raise ValueError for what cannot be an id."""
    routes = Blueprint("images", __name__)

    @routes.get(f"{ADDRESS}<workspace_id>/<shop_id>/<name>")
    def image(workspace_id: str, shop_id: str, name: str) -> Response:
        try:
            path = folder_of(workspace_id, shop_id).path_of(name)
        except ValueError:
            path = None
        if path is None:
            raise BadRequest("There is no such picture.", code="not_found")
        response = Response(path.read_bytes(), mimetype=_TYPES[path.suffix[1:]])
        # The name tells the content: it never changes.
        response.headers["Cache-Control"] = _A_YEAR
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Content-Security-Policy"] = "default-src 'none'"
        return response

    return routes
