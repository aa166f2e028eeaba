"""What somebody typed into a form and what is wrong with it, for the page to show both. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

#: The status of a page that shows a form again because of what was typed.
UNUSABLE: Final = 422

#: More characters than any name anybody needs.
LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Entered:
    """`values` and `problems` are by the name of the form's field; a problem is a sentence."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.values.get(name, "")


def problem_of_name(text: str, what: str) -> str:
    """Why `text` cannot be the name of a thing, in a sentence; "" when it can. `what` is the
    field's label, in small letters."""
    if not text.strip():
        return f"Write a {what}."
    if len(text) > LONGEST_NAME:
        return f"Use at most {LONGEST_NAME} characters for the {what}; these are {len(text):,}."
    if not text.isprintable():
        return f"Use letters, digits and signs only for the {what}, on one line."
    return ""
