"""Field masks: `a.b,c(d,e/f)` as a tree, applied to a cell or to an answer."""

from __future__ import annotations

import re
from typing import Any

from .refusals import Json

#: {name: what of it}; an empty tree is all of it.
Mask = dict[str, "Mask"]

EVERYTHING: Mask = {}


class BadMask(ValueError):
    """The text is no mask, or names what is not there; the argument is the path."""


def parsed(text: str) -> Mask:
    """A mask's tree; `*` alone is everything. Separators are `.` or `/`, both are in use."""
    tokens = re.findall(r"[\w*]+|[,./()]", text)
    if "".join(tokens) != re.sub(r"\s+", "", text):
        raise BadMask(text)
    tree, left = _fields(tokens, 0)
    if left != len(tokens):
        raise BadMask(text)
    return tree


def _fields(tokens: list[str], at: int) -> tuple[Mask, int]:
    tree: Mask = {}
    everything = False
    while True:
        path: list[str] = []
        while True:
            if at >= len(tokens) or not re.fullmatch(r"[\w*]+", tokens[at]):
                raise BadMask(".".join(path))
            path.append(_camel(tokens[at]))
            at += 1
            if at >= len(tokens) or tokens[at] not in {".", "/"}:
                break
            at += 1
        below: Mask = {}
        if at < len(tokens) and tokens[at] == "(":
            below, at = _fields(tokens, at + 1)
            if at >= len(tokens) or tokens[at] != ")":
                raise BadMask(".".join(path))
            at += 1
        if path == ["*"]:
            everything = True
        else:
            _hang(tree, [part for part in path if part != "*"], below)
        if at >= len(tokens) or tokens[at] != ",":
            return ({} if everything else tree), at
        at += 1


def _hang(tree: Mask, path: list[str], below: Mask) -> None:
    for place, name in enumerate(path):
        last = place == len(path) - 1
        if name in tree and not tree[name]:
            return
        if last and not below:
            tree[name] = {}
        elif last:
            known = tree.setdefault(name, {})
            for key, value in below.items():
                _hang(known, [key], value)
        else:
            tree = tree.setdefault(name, {})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def paths(tree: Mask, before: str = "") -> list[str]:
    """Every leaf, dotted."""
    found: list[str] = []
    for name, below in tree.items():
        dotted = f"{before}.{name}" if before else name
        found += paths(below, dotted) if below else [dotted]
    return found


def projected(value: Any, tree: Mask) -> Any:
    """What of an answer the mask asks for; members that come out empty are left out."""
    if not tree:
        return value
    if isinstance(value, list):
        return [projected(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    kept: Json = {}
    for name, below in tree.items():
        if name in value:
            inner = projected(value[name], below)
            if inner != {} or value[name] == {}:
                kept[name] = inner
    return kept


def merged(target: Json, source: Json, tree: Mask) -> Json:
    """`target` with the masked members taken from `source`; those it lacks are cleared."""
    if not tree:
        return dict(source)
    result = dict(target)
    for name, below in tree.items():
        if below:
            inner = merged(result.get(name) or {}, source.get(name) or {}, below)
            if inner:
                result[name] = inner
            else:
                result.pop(name, None)
        elif source.get(name) is not None:
            result[name] = source[name]
        else:
            result.pop(name, None)
    return result
