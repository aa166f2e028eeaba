"""docs/limits.md: what is not available, and how our numbers relate to others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cli.limits
from catalogue.fields import FIELDS
from cli.documents import DOCUMENTS
from cli.limits import limits_page

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "cli" / "limits.md"


@pytest.fixture(scope="module")
def page() -> str:
    return limits_page()


def test_the_page_is_up_to_date(page: str) -> None:
    assert (ROOT / "docs" / "limits.md").read_text(encoding="utf-8") == page
    assert DOCUMENTS["limits.md"] is limits_page


@pytest.mark.parametrize(
    "subject",
    [
        "deleted or archived",
        "personal data",
        "Custom fields",
        "Commission by creator",
        "48 hours",
        "last 60 days (by hour: 30)",
        "LIVE and video figures",
        "Notifications",
        "Seller Center mode",
        "Spend of TikTok Ads",
        "1,000,000 rows and 50 MB",
        "90 days, newest first; up to 730 days",
        "at most 400 fields, 1,000 filter clauses, 10,000 values",
        "waits 1.5 seconds for that, 8 after",
        "older than 5 minutes",
    ],
)
def test_it_speaks_of_what_people_ask_about(page: str, subject: str) -> None:
    assert subject in page


def test_fields_are_called_by_their_labels(page: str) -> None:
    assert "| Shop GMV (TikTok) | GMV in Data Compass |" in page
    assert "{" not in page
    named = set(re.findall(r"{([a-z_0-9]+)}", TEMPLATE.read_text(encoding="utf-8")))
    assert len(named) > 30
    assert named <= set(FIELDS)


def test_a_field_that_is_gone_cannot_be_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name: field for name, field in FIELDS.items() if name != "shop_gmv"}
    monkeypatch.setattr(cli.limits, "FIELDS", known)
    with pytest.raises(KeyError, match="shop_gmv"):
        limits_page()


def test_counts_of_people_say_where_they_have_a_value(page: str) -> None:
    (once,) = (line for line in page.splitlines() if line.startswith("- Of one day"))
    (window,) = (line for line in page.splitlines() if line.startswith("- Also over the whole"))
    assert "LIVE Viewers" in once
    assert "Visitors (daily)" in once
    assert "Buyers in Period" in window
    assert "Buyers in Period" not in once


def test_the_tables_are_tables(page: str) -> None:
    """Every row has the columns of its head."""
    heads = 0
    width = 0
    for line in page.splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        heads += width == 0
        width = width or line.count("|")
        assert line.count("|") == width, line
    assert heads == 6
