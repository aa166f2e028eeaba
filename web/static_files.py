"""Style sheets and scripts: compressed once, and kept by browsers until their content changes.

Only these are compressed. A page holds a secret token beside what its visitor sent, and the length
of the two compressed together would tell about the token.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.security import safe_join

from web.entries import is_static

_A_YEAR: Final = "public, max-age=31536000, immutable"
_TEXTS: Final = frozenset(
    {"text/css", "text/javascript", "application/javascript", "image/svg+xml"}
)


def add_static_files(app: Flask) -> None:
    """Addresses made by `url_for("static", …)` and its like name the content's digest; what is
    asked for with it may be kept for a year."""
    versions: dict[Path, str] = {}
    compressed: dict[tuple[str, str], bytes] = {}

    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" or endpoint.endswith(".static"):
            path = _file(app, endpoint, str(values.get("filename", "")))
            if path is not None:
                version = versions.get(path)
                if version is None:
                    version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
                    versions[path] = version
                values.setdefault("v", version)

    def finish(response: Response) -> Response:
        if not is_static(request.path) or response.status_code != 200:
            return response
        version = request.args.get("v", "")
        if version:
            response.headers["Cache-Control"] = _A_YEAR
        response.vary.add("Accept-Encoding")
        if response.mimetype in _TEXTS and request.accept_encodings["gzip"] > 0:
            file: Any = response.response
            response.direct_passthrough = False
            place = (request.path, response.get_etag()[0] or "")
            if place not in compressed:
                compressed[place] = gzip.compress(response.get_data(), mtime=0)
            response.set_data(compressed[place])
            file.close()
            response.headers["Content-Encoding"] = "gzip"
            response.set_etag(place[1], weak=True)
        return response

    app.url_defaults(add_version)
    app.after_request(finish)


def _file(app: Flask, endpoint: str, name: str) -> Path | None:
    """The file behind a static address; None when there is none."""
    scaffold = app if endpoint == "static" else app.blueprints.get(endpoint.rpartition(".")[0])
    folder = scaffold.static_folder if scaffold is not None else None
    found = safe_join(folder, name) if folder else None
    return Path(found) if found and Path(found).is_file() else None
