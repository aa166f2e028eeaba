"""The discovery documents that google-api-python-client ships, as JSON Schema.

Large bodies are thinned to one member of each shape before they are validated.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import googleapiclient.discovery_cache
import jsonschema

from .refusals import Json

DOCUMENTS: Final = Path(googleapiclient.discovery_cache.__file__).parent / "documents"

#: A list longer than this is thinned before it is validated.
LONG: Final = 20

#: Members of ExtendedValue whose type says all.
SCALARS: Final = frozenset({"stringValue", "numberValue", "boolValue", "formulaValue"})


@cache
def document(api: str) -> Json:
    name = {"sheets": "sheets.v4.json", "drive": "drive.v3.json"}[api]
    loaded = json.loads((DOCUMENTS / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def json_schema(node: Any) -> Any:
    """A discovery schema as JSON Schema 2020-12. Null stands for "not set" everywhere."""
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"anyOf": [{"$ref": f"#/$defs/{node['$ref']}"}, {"type": "null"}]}
    kind = node.get("type")
    if kind == "any" or kind is None:
        return {}
    if kind == "array":
        return {"type": ["array", "null"], "items": json_schema(node["items"])}
    if kind == "object":
        made: Json = {"type": ["object", "null"]}
        if "properties" in node:
            made["properties"] = {k: json_schema(v) for k, v in node["properties"].items()}
            made["additionalProperties"] = False
        elif "additionalProperties" in node:
            made["additionalProperties"] = json_schema(node["additionalProperties"])
        return made
    if "enum" in node:
        return {"enum": [*node["enum"], None]}
    if node.get("format") in {"int64", "uint64"}:
        return {"type": ["integer", "string", "null"]}
    if kind == "number":
        return {"anyOf": [{"type": ["number", "null"]}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}
    return {"type": [kind, "null"]}


@cache
def validator(api: str, name: str) -> jsonschema.Draft202012Validator:
    definitions = {k: json_schema(v) for k, v in document(api)["schemas"].items()}
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions})


def thinned(value: Any) -> Any:
    """One member of each shape in long lists; the rest would say nothing new."""
    if isinstance(value, dict):
        return {k: thinned(v) for k, v in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) <= LONG:
        return [thinned(item) for item in value]
    seen: dict[Any, Any] = {}
    for item in value:
        seen.setdefault(_shape(item), item)
    return [thinned(item) for item in seen.values()]


def _shape(value: Any, free: bool = True) -> Any:
    """What matters of a value to a schema; `free`: only its type does."""
    kind = type(value)
    if kind is dict:
        if len(value) == 1:
            ((name, inner),) = value.items()
            if type(inner) is dict and len(inner) == 1:
                ((scalar, content),) = inner.items()
                if scalar in SCALARS:
                    return name, scalar, type(content)
        return tuple([(name, _shape(inner, name in SCALARS)) for name, inner in value.items()])
    if kind is list:
        return ("list", frozenset([_shape(item, free) for item in value]))
    return kind if free else (kind, value)
