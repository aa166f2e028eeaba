"""Requests and answers against the discovery documents that google-api-python-client ships.

What JSON Schema cannot say (unions, fields masks, required parameters) is checked by hand.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

from . import masks
from .refusals import Json, Refusal, bad_answer_mask, invalid, malformed
from .schemas import document, thinned, validator

#: Messages of which exactly one member may be set, with the name protobuf gives the union.
UNIONS: Final = {"Request": "kind", "ExtendedValue": "value"}

#: Query keys that Drive takes although its document does not list them for the method.
TOLERATED: Final = frozenset({"includeItemsFromAllDrives", "corpora", "supportsTeamDrives"})

#: Of Drive's second version, still sent by gspread with a permission and ignored.
OLD_MEMBERS: Final = frozenset({"withLink"})


@dataclass(frozen=True)
class Method:
    """One method of the API; `request` and `answer` are names of schemas, `scopes` alternatives."""

    api: str
    name: str
    verb: str
    pattern: re.Pattern[str]
    parameters: Json
    request: str | None
    answer: str | None
    scopes: list[str]


@dataclass(frozen=True)
class Call:
    """A matched call: the path's parameters, and the query with lists where it repeats."""

    method: Method
    path: dict[str, str]
    query: dict[str, Any]


def _walk(resources: Json) -> list[Json]:
    found: list[Json] = []
    for resource in resources.values():
        found += resource.get("methods", {}).values()
        found += _walk(resource.get("resources", {}))
    return found


@cache
def methods(api: str) -> tuple[Method, ...]:
    root = document(api)
    prefix = root["servicePath"]
    made = []
    for node in _walk(root["resources"]):
        pattern = re.escape(prefix + node.get("flatPath", node["path"]))
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/:]+)", pattern)
        # A1 ranges hold colons themselves.
        pattern = pattern.replace("(?P<range>[^/:]+)", "(?P<range>[^/]+?)")
        made.append(
            Method(
                api,
                node["id"],
                node["httpMethod"],
                re.compile("/" + pattern),
                node.get("parameters", {}),
                node.get("request", {}).get("$ref"),
                node.get("response", {}).get("$ref"),
                node.get("scopes", []),
            )
        )
    # `values/A1:append` is also a range "A1:append"; the one that says more goes first.
    return tuple(sorted(made, key=lambda method: -len(method.pattern.pattern)))


def matched(api: str, verb: str, path: str, query: dict[str, list[str]]) -> Call | None:
    """The method that a call means, with its query checked. None: no such address."""
    for method in methods(api):
        found = method.pattern.fullmatch(path)
        if found and method.verb == verb:
            named = {k: unquote(v) for k, v in found.groupdict().items()}
            return Call(method, named, _checked_query(method, query))
    return None


def _checked_query(method: Method, query: dict[str, list[str]]) -> dict[str, Any]:
    known = document(method.api)["parameters"] | method.parameters
    checked: dict[str, Any] = {}
    for name, values in query.items():
        if name not in known:
            if method.api == "drive" and name in TOLERATED:
                continue
            raise malformed(
                "",
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query'
                f" parameter. Field '{name}' could not be found in request message.",
            )
        node = known[name]
        if node.get("repeated"):
            checked[name] = values
            continue
        checked[name] = _query_value(name, node, values[-1])
    return checked


def _query_value(name: str, node: Json, value: str) -> Any:
    if node["type"] == "boolean":
        if value.lower() not in {"true", "false", "1", "0"}:
            raise malformed(name, f"Invalid value at '{name}' (TYPE_BOOL), \"{value}\"")
        return value.lower() in {"true", "1"}
    if "enum" in node and value not in node["enum"]:
        raise malformed(name, f"Invalid value at '{name}' (TYPE_ENUM), \"{value}\"")
    return value


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _dotted(path: list[Any]) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + snake(str(part))
    return text


def check_request(method: Method, body: Any) -> None:
    """Raises what Google says of a body that is no such message."""
    if method.request is None:
        return
    if not isinstance(body, dict):
        raise malformed("", "Invalid JSON payload received. Unexpected token.")
    light = thinned(body)
    if method.api == "drive":
        light = {name: value for name, value in light.items() if name not in OLD_MEMBERS}
    errors = sorted(
        validator(method.api, method.request).iter_errors(light), key=lambda e: len(e.path)
    )
    for error in errors:
        raise _said(_deepest(error))
    check_unions(method.api, method.request, light, [])


def _deepest(error: Any) -> Any:
    while error.context:
        error = max(error.context, key=lambda inner: (len(inner.path), inner.validator != "type"))
    return error


def _said(error: Any) -> Refusal:
    path = list(error.absolute_path)
    place = _dotted(path)
    if error.validator == "additionalProperties":
        unknown = next(k for k in error.instance if k not in error.schema.get("properties", {}))
        at = f" at '{place}'" if place else ""
        return malformed(
            place,
            f'Invalid JSON payload received. Unknown name "{unknown}"{at}: Cannot find field.',
        )
    wanted = "TYPE_ENUM" if error.validator == "enum" else "type"
    return malformed(place, f"Invalid value at '{place}' ({wanted}), {json.dumps(error.instance)}")


def check_unions(api: str, name: str, value: Any, path: list[Any]) -> None:
    """Exactly one member where the message is a union."""
    schema = document(api)["schemas"][name]
    members = [k for k, v in value.items() if v is not None]
    if name in UNIONS and len(members) > 1:
        at = _dotted(path)
        raise malformed(
            at,
            f"Invalid value at '{at}' (oneof), oneof field '{UNIONS[name]}' is already set."
            f" Cannot set '{members[1]}'",
        )
    for key, item in value.items():
        node = schema.get("properties", {}).get(key, {})
        inner = node.get("$ref")
        if inner and isinstance(item, dict):
            check_unions(api, inner, item, [*path, key])
        inner = node.get("items", {}).get("$ref")
        if inner and isinstance(item, list):
            for place, member in enumerate(item):
                if isinstance(member, dict):
                    check_unions(api, inner, member, [*path, key, place])


def mask_of(where: str, name: str, text: str | None) -> masks.Mask:
    """A request's `fields`, of the Sheets message `name`; `where` begins the sentence."""
    if not text:
        raise invalid(
            f"{where}At least one field must be listed in 'fields'."
            " (Use '*' to indicate all fields.)"
        )
    try:
        tree = masks.parsed(text)
        _check_paths("sheets", {"$ref": name}, tree, [])
    except masks.BadMask as bad:
        raise invalid(f"{where}Invalid field: {bad}") from bad
    return tree


def answer_mask(method: Method, text: str | None) -> masks.Mask:
    """The `fields` parameter of a call, checked against its answer."""
    if not text or method.answer is None:
        return {}
    try:
        tree = masks.parsed(text)
        _check_paths(method.api, {"$ref": method.answer}, tree, [])
    except masks.BadMask as bad:
        raise bad_answer_mask(str(bad)) from bad
    return tree


def _resolved(api: str, node: Json) -> Json:
    """The message a node stands for, itself or in a list."""
    while "items" in node or "$ref" in node:
        node = document(api)["schemas"][node["$ref"]] if "$ref" in node else node["items"]
    return node


def _check_paths(api: str, node: Json, tree: masks.Mask, path: list[str]) -> None:
    node = _resolved(api, node)
    for key, below in tree.items():
        here = [*path, key]
        if key in node.get("properties", {}):
            _check_paths(api, node["properties"][key], below, here)
        elif "additionalProperties" not in node:
            raise masks.BadMask(".".join(here))


def check_answer(method: Method, body: Any) -> None:
    """Our own answers must be messages too. Raises AssertionError."""
    if method.answer is None:
        return
    for error in validator(method.api, method.answer).iter_errors(thinned(body)):
        found = _deepest(error)
        raise AssertionError(f"{method.name}: {list(found.absolute_path)}: {found.message}")
