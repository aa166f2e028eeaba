"""`/openapi.json`: every route of the running program, made from its map of routes.

What the map does not know is in the tables here: the bodies and queries of the interface for
programs. Pages of the hub are listed with what they need and take a form or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from flask import Blueprint, Flask, Response, current_app
from werkzeug.routing import Rule

from backfill.stages import DATA
from connector.request import MOST_CLAUSES, MOST_FIELDS, MOST_VALUES, OPERATORS, ORDER_DATES
from errors import STATUS_OF
from store.roles import admission_of
from web.entries import Entry, entry_of, is_page, largest_body

_VARIABLE: Final = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

_TEXT: Final = {"type": "string"}
_DAY: Final = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
_FLAG: Final = {"type": "string", "enum": ["0", "1", "true", "false"]}

_OPTIONS: Final = {
    "shops": _TEXT,
    "client": _TEXT,
    "time_zone": _TEXT,
    "currency": _TEXT,
    "order_date": {"type": "string", "enum": list(ORDER_DATES)},
    "strict": _FLAG,
    "seller_center": _FLAG,
}

_CLAUSE: Final = {
    "type": "object",
    "required": ["fieldName", "operator", "type"],
    "properties": {
        "fieldName": _TEXT,
        "operator": {"type": "string", "enum": sorted(OPERATORS)},
        "type": {"type": "string", "enum": ["INCLUDE", "EXCLUDE"]},
        "values": {"type": "array", "items": _TEXT, "maxItems": MOST_VALUES},
    },
}

_GET_DATA: Final = {
    "type": "object",
    "required": ["configParams", "fields"],
    "properties": {
        "configParams": {"type": "object", "properties": _OPTIONS},
        "dateRange": {
            "type": "object",
            "properties": {"startDate": _DAY, "endDate": _DAY},
        },
        "fields": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_FIELDS,
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": _TEXT, "forFilterOnly": {"type": "boolean"}},
            },
        },
        "dimensionsFilters": {
            "type": "array",
            "maxItems": MOST_CLAUSES,
            "items": {"type": "array", "items": _CLAUSE},
        },
        "pagination": {
            "type": "object",
            "properties": {"startRow": {"type": "integer"}, "rowCount": {"type": "integer"}},
        },
        "scriptParams": {
            "type": "object",
            "properties": {"lastRefresh": _TEXT, "sampleExtraction": {"type": "boolean"}},
        },
    },
}

_CONFIGURED: Final = {
    "type": "object",
    "properties": {"configParams": {"type": "object", "properties": _OPTIONS}},
}

_NOTIFICATION: Final = {
    "type": "object",
    "properties": {
        "type": {"type": "integer"},
        "tts_notification_id": _TEXT,
        "shop_id": _TEXT,
        "timestamp": {"type": "integer"},
        "data": {"type": "object"},
    },
}

_IMPORTS: Final = {
    "type": "object",
    "required": ["shops"],
    "properties": {
        "shops": {"oneOf": [{"type": "array", "items": _TEXT}, {"const": "all"}]},
        "start": _DAY,
        "end": _DAY,
        "data": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "enum": list(DATA)},
        },
        "reread": {"type": "boolean"},
    },
}

#: By address, the JSON that it takes.
_BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "/connector/v1/getConfig": _CONFIGURED,
    "/connector/v1/getSchema": _CONFIGURED,
    "/connector/v1/getData": _GET_DATA,
    "/connector/v1/imports": _IMPORTS,
    "/webhooks/tiktok/<topic>": _NOTIFICATION,
}

_ROWS: Final[Mapping[str, Any]] = {
    "fields": _TEXT,
    "start": _DAY,
    "end": _DAY,
    "filter": {"type": "array", "items": _TEXT},
    "limit": {"type": "integer", "minimum": 0},
    "offset": {"type": "integer", "minimum": 0},
    **_OPTIONS,
}

#: By address, what its query may hold.
_QUERIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "/connector/v1/getData": {"explain": _FLAG},
    "/connector/v1/rows.csv": {
        **_ROWS,
        "header": {"type": "string", "enum": ["ids", "labels"]},
        "bom": _FLAG,
        "plain": _FLAG,
    },
    "/connector/v1/rows.ndjson": _ROWS,
}

#: By address, what it answers when all is well, where that is not JSON or a page.
_ANSWERS: Final[Mapping[str, str]] = {
    "/connector/v1/rows.csv": "text/csv",
    "/connector/v1/rows.ndjson": "application/x-ndjson",
    "/metrics": "text/plain",
}

_ABOUT: Final[Mapping[str, str]] = {
    "/connector/v1/getConfig": "The questions of the connector's configuration.",
    "/connector/v1/getSchema": "The fields, as Looker Studio wants them.",
    "/connector/v1/getData": "Rows: one for each combination of the dimensions asked for.",
    "/connector/v1/rows.csv": "The same rows as a CSV file.",
    "/connector/v1/rows.ndjson": "The same rows, one JSON object a line.",
    "/connector/v1/whoami": "Whose key it is, and which shops it opens.",
    "/webhooks/tiktok/<topic>": "Where TikTok pushes what happens in a shop.",
}

_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "debug", "retry_after", "reference"],
            "properties": {
                "code": {"type": "string", "enum": sorted(STATUS_OF)},
                "message": {"type": "string", "description": "A sentence for people."},
                "debug": _TEXT,
                "retry_after": {"type": ["number", "null"], "description": "In seconds."},
                "reference": {"type": "string", "description": "An id to search logs for."},
            },
        }
    },
}


def openapi_routes() -> Blueprint:
    routes = Blueprint("openapi", __name__)

    @routes.get("/openapi.json")
    def openapi() -> Response:
        """This document."""
        return Response(orjson.dumps(document(current_app)), mimetype="application/json")

    return routes


def document(app: Flask) -> dict[str, Any]:
    """OpenAPI 3.1: every route but those of static files."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint.endswith("static"):
            continue
        view = app.view_functions[rule.endpoint]
        place = paths.setdefault(_VARIABLE.sub(r"{\1}", rule.rule), {})
        for method in _METHODS:
            if method in (rule.methods or ()):
                place[method.lower()] = _operation(rule, method, view)
    return {
        "openapi": "3.1.0",
        "info": {"title": "TikTok Shop data source", "version": "1"},
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "tts_session"},
            },
            "schemas": {"Error": _ERROR},
        },
    }


def _operation(rule: Rule, method: str, view: Callable[..., Any]) -> dict[str, Any]:
    said = (view.__doc__ or "").strip().partition("\n")[0]
    found: dict[str, Any] = {
        "operationId": f"{rule.endpoint}.{method.lower()}",
        "summary": _ABOUT.get(rule.rule) or said or "A page of the hub.",
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _TEXT}
            for name in _VARIABLE.findall(rule.rule)
        ]
        + [
            {"name": name, "in": "query", "schema": schema}
            for name, schema in _QUERIES.get(rule.rule, {}).items()
        ],
        "responses": _responses(rule.rule),
        **_who(rule.rule, view),
    }
    if method != "GET":
        found["requestBody"] = {"required": True, "content": _content(rule.rule)}
    return found


def _content(address: str) -> dict[str, Any]:
    if address in _BODIES:
        return {"application/json": {"schema": _BODIES[address]}}
    form = {
        "type": "object",
        "properties": {"form_token": _TEXT},
        "additionalProperties": _TEXT,
    }
    return {"application/x-www-form-urlencoded": {"schema": form}}


def _who(address: str, view: Callable[..., Any]) -> dict[str, Any]:
    """Whom the route is for; and how large a body may be."""
    entry, admission = entry_of(address), admission_of(view)
    told: dict[str, Any] = {"x-largest-body": largest_body(address), "security": []}
    if entry is Entry.KEY:
        told |= {"security": [{"key": []}], "x-scopes": sorted(admission.scopes)}
    elif entry is Entry.MEMBER:
        told |= {
            "security": [{"session": []}],
            "x-role": admission.role,
            "x-whole-workspace": admission.whole,
        }
    return told


def _responses(address: str) -> dict[str, Any]:
    page = {"text/html": {"schema": _TEXT}}
    if is_page(address):
        return {
            "200": {"description": "The page.", "content": page},
            "303": {"description": "Done; the next page."},
            "default": {"description": "A page with a sentence.", "content": page},
        }
    kind = _ANSWERS.get(address, "application/json")
    failure = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "200": {"description": "The answer.", "content": {kind: {}}},
        "default": {"description": "Why there is none.", "content": failure},
    }
