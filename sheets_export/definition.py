"""What an export shows, from texts and as questions to the answers. Pure.

A form, a command and the tab _settings all give texts by name; they are read here and nowhere else,
so that the same words mean the same everywhere. A question is what rows.csv asks with the same
words: an export can show nothing that a chart could not.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from catalogue.field import Dimension, Metric
from catalogue.fields import FIELDS
from connector.body import MOST_ROWS
from connector.request import NO, YES, GetDataRequest, Options
from connector.rows_query import rows_request
from connector.zones import zone_called
from errors import BadRequest, nearest
from sheets_export import date_ranges, schedule
from sheets_export.compare import Shift, is_comparable, wider
from sheets_export.date_ranges import DateRange, Days, Earlier
from sheets_export.presets import PRESETS, Preset
from sheets_export.row_keys import is_lasting, row_key, unit_of
from sheets_export.schedule import Schedule
from sheets_export.target import Mode

#: By name, the text that counts where none is given.
DEFAULTS: Final[Mapping[str, str]] = {
    "preset": "",
    "shops": "",
    "client": "",
    "fields": "",
    "split": "none",
    "range": "last_28_days",
    "include_today": "no",
    "week_start": date_ranges.MONDAY,
    "start": "",
    "end": "",
    "filters": "",
    "sort": "",
    "row_limit": "",
    "compare": "none",
    "totals": "no",
    "currency": "",
    "order_date": "created",
    "seller_center": "no",
    "zone": "UTC",
    "mode": "replace",
    "schedule": schedule.NEVER,
    "hours": "6",
    "at": "07:00",
    "weekday": "monday",
    "day": "1",
}

SPLITS: Final[Mapping[str, str]] = {
    "none": "Not at all",
    "hour": "By hour",
    "day": "By day",
    "week": "By week",
    "month": "By month",
    "quarter": "By quarter",
    "year": "By year",
}
#: The dimension that a split puts in front; of weeks their first day, which is a date.
_SPLIT_FIELDS: Final[Mapping[str, str]] = {
    "hour": "date_hour",
    "day": "date",
    "week": "week_start_date",
    "month": "year_month",
    "quarter": "year_quarter",
    "year": "year",
}
_SUNDAY_WEEK: Final = "week_start_sunday"
COMPARES: Final[Mapping[str, str]] = {
    "none": "Nothing",
    "previous_period": "The period before",
    "previous_year": "The year before",
}
MODES: Final[Mapping[Mode, str]] = {
    "replace": "Replace",
    "upsert": "Update in place",
    "append": "Add a snapshot",
}
ORDER_DATES: Final[Mapping[str, str]] = {"created": "Created", "paid": "Paid"}
WEEK_STARTS: Final[Mapping[str, str]] = {
    date_ranges.MONDAY: "Monday",
    date_ranges.SUNDAY: "Sunday",
}
_LONGEST_NAME: Final = 80
#: int() takes no text that is longer than it likes.
_MOST_DIGITS: Final = 9
_ANY_DAY: Final = dt.date(2026, 1, 1)
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_ORDER: Final = re.compile(r"(.*?)(?:\s+(asc|desc))?", re.IGNORECASE | re.DOTALL)


class Unfit(BadRequest):
    """`problems`: a sentence by the name of the text that it is about."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Sort:
    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """`shops`: ids joined by commas, or `all`; `fields`: the columns, in order. `row_limit` 0: all
    rows. `zone` is an IANA name: that of the days and of the schedule."""

    shops: str
    client: str
    fields: tuple[str, ...]
    dates: DateRange
    filters: tuple[str, ...]
    sort: tuple[Sort, ...]
    row_limit: int
    compare: str
    totals: bool
    currency: str
    order_date: str
    seller_center: bool
    zone: str
    mode: Mode
    schedule: Schedule

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(name for name in self.fields if isinstance(FIELDS[name], Metric))

    @property
    def keys(self) -> tuple[str, ...]:
        """The dimensions that a row is known by."""
        return row_key(self.fields)

    @property
    def options(self) -> Options:
        """What it says of shops, currency and zone, whatever the days are."""
        return self._asked(self.fields, Days(_ANY_DAY, _ANY_DAY)).options

    def days(self, today: dt.date) -> Days:
        """Those that are asked for on a day. A row that is updated in place is written over, so it
        must be about all of its week or month, and not about what is left of it in the range."""
        days = self.dates.on(today)
        unit = unit_of(self.keys) if self.mode == "upsert" else None
        if unit is None:
            return days
        name, by_sunday = unit
        week_start = date_ranges.SUNDAY if by_sunday else date_ranges.MONDAY
        return replace(self.dates, week_start=week_start).whole(days, name, today)

    def earlier(self, today: dt.date) -> Earlier | None:
        """The days to compare with; for days that were made wider the same wider ones so much
        earlier. ValueError or OverflowError where the calendar ends."""
        if self.compare == "none":
            return None
        is_year = self.compare == "previous_year"
        found = (self.dates.previous_year if is_year else self.dates.previous_period)(today)
        asked = self.days(today)
        return found if asked == self.dates.on(today) else wider(found, asked, self.keys)

    def rows(self, days: Days) -> GetDataRequest:
        """The question of the table. Where the rows are not sorted otherwise, it is limited by the
        answer itself."""
        asked = self._asked(self.fields, days)
        limit = self.row_limit if self.row_limit and not self.sort else None
        return replace(asked, row_count=limit)

    def totals_of(self, days: Days) -> GetDataRequest | None:
        """The question of the totals: the same without dimensions. None where none are shown."""
        return self._asked(self.metrics, days) if self.totals and self.metrics else None

    def _asked(self, fields: Sequence[str], days: Days) -> GetDataRequest:
        query = {
            "fields": [",".join(fields)],
            "shops": [self.shops],
            "client": [self.client],
            "start": [f"{days.first}"],
            "end": [f"{days.last}"],
            **({"filter": list(self.filters)} if self.filters else {}),
            "currency": [self.currency],
            "order_date": [self.order_date],
            "time_zone": [self.zone],
            "seller_center": ["1" if self.seller_center else "0"],
        }
        return rows_request(query, csv=False).asked


def kept_texts(given: Mapping[str, str]) -> dict[str, str]:
    """What is worth keeping of what was given: known names with a text."""
    known = {name: given.get(name, "").strip() for name in DEFAULTS}
    return {name: text for name, text in known.items() if text}


def with_defaults(given: Mapping[str, str]) -> dict[str, str]:
    """Every text: the given one, else that of the preset, else the usual one."""
    kept = kept_texts(given)
    preset = preset_called(kept.get("preset", ""))
    return {**DEFAULTS, **(preset.texts if preset else {}), **kept}


def preset_called(text: str) -> Preset | None:
    """By its name or its label, whatever its case."""
    said = text.lower()
    named = (one for name, one in PRESETS.items() if said in (name, one.label.lower()))
    return next(named, None)


def read_definition(given: Mapping[str, str]) -> Definition:
    """Raises Unfit with everything that is wrong. Whether the shops are the workspace's is found
    out when they are asked for."""
    reading = _Reading(with_defaults(given))
    made = reading.definition()
    if reading.problems or made is None:
        raise Unfit(reading.problems)
    return made


class _Reading:
    """Reads the texts one by one and collects what is wrong."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self.problems: dict[str, str] = {}

    def definition(self) -> Definition | None:
        fields = self._fields()
        mode = self._choice("mode", MODES)
        made = Definition(
            shops=self._shops(),
            client=self._texts["client"],
            fields=fields,
            dates=self._dates(),
            filters=self._filters(),
            sort=self._sort(fields),
            row_limit=self._number("row_limit", 0, MOST_ROWS),
            compare=self._choice("compare", COMPARES),
            totals=self._flag("totals"),
            currency=self._texts["currency"],
            order_date=self._choice("order_date", ORDER_DATES),
            seller_center=self._flag("seller_center"),
            zone=self._zone(),
            mode="upsert" if mode == "upsert" else "append" if mode == "append" else "replace",
            schedule=self._schedule(),
        )
        if not self.problems:
            self._check_together(made)
        return None if self.problems else made

    def _check_together(self, made: Definition) -> None:
        if made.mode == "upsert" and not is_lasting(made.keys):
            self.problems["mode"] = (
                "To update rows in place there must be something to know them by that stays the "
                "same: add a dimension such as Date, Year Month or Order ID."
            )
        if made.totals and made.mode != "replace":
            self.problems["totals"] = (
                "Totals go with the mode Replace only: in the others the sheet also holds rows of "
                "other days."
            )
        self._check_comparison(made)
        try:
            made.rows(made.dates.on(_ANY_DAY))
        except BadRequest as error:
            self.problems["fields"] = error.message

    def _check_comparison(self, made: Definition) -> None:
        try:
            earlier = made.earlier(_ANY_DAY)
        except (ValueError, OverflowError):
            self.problems["start"] = "The calendar has no earlier dates to compare these with."
            return
        if earlier is None:
            return
        shift = Shift(earlier.days, earlier.months)
        for name in made.keys:
            dimension = FIELDS[name]
            if isinstance(dimension, Dimension) and not is_comparable(dimension, shift):
                length = f"{shift.days} days" if shift.days else f"{shift.months} months"
                self.problems["compare"] = (
                    f"The earlier dates lie {length} back, and {dimension.label} has no unit that "
                    "begins so much earlier. Split by day, or choose dates that fit, such as the "
                    "last 28 days for weeks or last month for months."
                )

    def _shops(self) -> str:
        shops = self._texts["shops"]
        if not shops:
            self.problems["shops"] = "Choose which shops it is about."
        return shops

    def _fields(self) -> tuple[str, ...]:
        if self._texts["preset"] and preset_called(self._texts["preset"]) is None:
            known = ", ".join(preset.label for preset in PRESETS.values())
            self.problems["preset"] = f"There is no such preset. Choose one of: {known}."
        named = [part.strip() for part in re.split(r"[,\n]", self._texts["fields"]) if part.strip()]
        found = [self._field("fields", name) for name in named]
        split = self._choice("split", SPLITS)
        if split != "none":
            by_sunday = split == "week" and self._texts["week_start"] == date_ranges.SUNDAY
            found.insert(0, _SUNDAY_WEEK if by_sunday else _SPLIT_FIELDS.get(split, ""))
        if not named and "preset" not in self.problems:
            self.problems["fields"] = "Choose at least one field, such as gmv."
        return tuple(dict.fromkeys(name for name in found if name))

    def _field(self, about: str, name: str) -> str:
        """The id of a field that is named by id or label, whatever its case; "" for none."""
        lower = name.lower()
        ids = [one.id for one in FIELDS.values() if lower in (one.id, one.label.lower())]
        if not ids:
            near = nearest(name[:_LONGEST_NAME], FIELDS)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            self.problems[about] = f"There is no field called {name[:_LONGEST_NAME]!r}.{hint}"
            return ""
        return lower if lower in ids else ids[0]

    def _dates(self) -> DateRange:
        template = self._choice("range", date_ranges.LABELS)
        start = end = None
        if template == date_ranges.CUSTOM:
            start, end = self._day("start"), self._day("end")
            if start and end and start > end:
                self.problems["end"] = "The last day lies before the first."
        return DateRange(
            template,
            include_today=self._flag("include_today"),
            week_start=self._choice("week_start", WEEK_STARTS),
            start=start,
            end=end,
        )

    def _day(self, name: str) -> dt.date | None:
        try:
            day = dt.date.fromisoformat(self._texts[name])
        except ValueError:
            self.problems[name] = f"{self._texts[name][:40]!r} is no day; write it like 2026-08-31."
            return None
        return day

    def _filters(self) -> tuple[str, ...]:
        found = tuple(line.strip() for line in self._texts["filters"].splitlines() if line.strip())
        for one in found:
            try:
                rows_request({"fields": ["gmv"], "shops": ["all"], "filter": [one]}, csv=False)
            except BadRequest as error:
                self.problems["filters"] = error.message
        return found

    def _sort(self, fields: Sequence[str]) -> tuple[Sort, ...]:
        parts = [part.strip() for part in self._texts["sort"].split(",") if part.strip()]
        found = []
        for part in parts:
            match = _ORDER.fullmatch(part)
            name = self._field("sort", match[1].strip() if match else part)
            if name and name not in fields:
                self.problems["sort"] = (
                    f"{FIELDS[name].label} is not among the fields, so the rows cannot be sorted "
                    "by it."
                )
            found.append(Sort(name, bool(match and (match[2] or "").lower() == "desc")))
        return tuple(found)

    def _zone(self) -> str:
        try:
            return zone_called(self._texts["zone"])
        except BadRequest as error:
            self.problems["zone"] = error.message
            return "UTC"

    def _schedule(self) -> Schedule:
        kind = self._choice("schedule", schedule.LABELS)
        time = _TIME.fullmatch(self._texts["at"])
        if time is None:
            self.problems["at"] = "Write the time like 07:00."
        weekdays = [name.lower() for name in schedule.WEEKDAYS]
        weekday = self._choice("weekday", {name.lower(): name for name in schedule.WEEKDAYS})
        hours = self._number("hours", 1, 24)
        if kind == "hours" and hours not in schedule.HOURS:
            known = ", ".join(str(one) for one in schedule.HOURS)
            self.problems["hours"] = f"Every so many hours can be {known}."
        return Schedule(
            kind,
            minute=int(time[1]) * 60 + int(time[2]) if time else 0,
            hours=hours,
            weekday=weekdays.index(weekday) if weekday in weekdays else 0,
            day=self._number("day", 1, 31),
        )

    def _choice(self, name: str, known: Mapping[str, str] | Mapping[Mode, str]) -> str:
        """The word that is named by itself or its label, whatever its case."""
        said = self._texts[name].lower()
        for word, label in known.items():
            if said in (word, label.lower()):
                return word
        labels = ", ".join(known.values())
        self.problems[name] = (
            f"{self._texts[name][:40]!r} is not known here. Choose one of: {labels}."
        )
        return next(iter(known))

    def _flag(self, name: str) -> bool:
        said = self._texts[name].lower()
        if said not in YES | NO:
            self.problems[name] = f"{self._texts[name][:40]!r} must be yes or no."
        return said in YES

    def _number(self, name: str, lowest: int, highest: int) -> int:
        said = self._texts[name] or "0"
        is_number = said.isascii() and said.isdecimal() and len(said) <= _MOST_DIGITS
        if not (is_number and lowest <= int(said) <= highest):
            self.problems[name] = (
                f"{said[:40]!r} must be a whole number from {lowest} to {highest:,}."
            )
            return lowest
        return int(said)
