"""Which fields somebody means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schema_explorer.describe import Described, described

#: A longer text is no search of a person.
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was typed, and what was picked from the lists; "" stands for anything."""

    text: str = ""
    group: str = ""
    kind: str = ""
    source: str = ""


def find(wanted: Wanted) -> list[Described]:
    """The fields that have every word of the text in id, label, group or meaning, the ones whose
    name begins with it first; without a text in the order of the catalogue."""
    words = wanted.text[:LONGEST_SEARCH].lower().replace("_", " ").split()
    listed = [one for one in described() if _is_listed(one, wanted)]
    if not words:
        return listed
    ranked = [(_rank(one, words), one) for one in listed]
    found = [(rank, one) for rank, one in ranked if rank is not None]
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _is_listed(one: Described, wanted: Wanted) -> bool:
    return (
        wanted.group in ("", one.field.group)
        and wanted.kind in ("", one.kind)
        and (not wanted.source or wanted.source in one.sources)
    )


def _rank(one: Described, words: Sequence[str]) -> int | None:
    """Smaller is nearer; None when a word is nowhere."""
    text = " ".join(words)
    name, label = one.field.id.replace("_", " "), one.field.label.lower()
    if text in (name, label):
        return 0
    if name.startswith(text) or label.startswith(text):
        return 1
    named = f"{name} {label}"
    if all(any(part.startswith(word) for part in named.split()) for word in words):
        return 2
    if all(word in named for word in words):
        return 3
    everything = f"{named} {one.field.group} {one.field.about}".lower()
    return 4 if all(word in everything for word in words) else None
