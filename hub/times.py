"""Instants and days as people read them. Instants are UTC epoch seconds; a zone is an IANA name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint

_STEPS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def moment(seconds: float, zone: str = "UTC") -> str:
    """Such as `22 Nov 2026, 00:52`; the page says the zone beside it."""
    there = datetime.fromtimestamp(seconds, ZoneInfo(zone))
    return f"{there.day} {there:%b %Y, %H:%M}"


def iso(seconds: float) -> str:
    """For machines: `2026-11-22T00:52:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(when: date) -> str:
    """Such as `22 Nov 2026`."""
    return f"{when.day} {when:%b %Y}"


def on_day(seconds: float, zone: str = "UTC") -> str:
    """The day of an instant in a zone: `22 Nov 2026`."""
    return day(datetime.fromtimestamp(seconds, ZoneInfo(zone)))


def ago(seconds: float, now: float) -> str:
    """How long before `now`, roughly: `just now`, `5 minutes ago`, `2 days ago`."""
    passed = now - seconds
    text = span(passed)
    return f"{text} ago" if text else "just now"


def span(seconds: float) -> str:
    """A length of time in its largest whole unit: `3 hours`; "" for less than a minute."""
    for length, unit in _STEPS:
        count = int(seconds // length)
        if count >= 1:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return ""


def time_filters() -> Blueprint:
    """The filters of the pages: `moment(zone)`, `on_day(zone)`, `iso`, `day`, `ago(now)`."""
    filters = Blueprint("times", __name__)
    for convert in (moment, on_day, iso, day, ago):
        filters.add_app_template_filter(convert)
    return filters
