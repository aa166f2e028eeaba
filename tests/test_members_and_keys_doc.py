"""docs/members_and_keys.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from settings import Settings
from store.roles import ROLES, SCOPES
from web.limits import BY_ADDRESS, BY_WORKSPACE, WRONG_KEYS

TEXT = (Path(__file__).parent.parent / "docs" / "members_and_keys.md").read_text(encoding="utf-8")


def test_every_role_and_scope_has_its_row() -> None:
    assert re.findall(r"^\| (\w+) \| ", TEXT, re.MULTILINE)[1:4] == list(ROLES)
    assert re.findall(r"^\| `(\w+)` \| ", TEXT, re.MULTILINE) == list(SCOPES)


def test_every_limit_is_told_with_its_numbers() -> None:
    told = re.findall(r"\| (?:address|workspace) \| ([\d,]+) \| ([\d,]+) \|", TEXT)
    asked = Settings().requests_per_minute
    known = [
        *((bound.rate.burst, int(bound.rate.per_minute)) for bound in (*BY_ADDRESS, *BY_WORKSPACE)),
        (WRONG_KEYS.burst, int(WRONG_KEYS.per_minute)),
        (asked, asked),
    ]
    assert sorted((f"{burst:,}", f"{minute:,}") for burst, minute in known) == sorted(told)
