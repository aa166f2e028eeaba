"""Dimensions cut from the time axis, in the report's zone (UTC unless chosen otherwise).

`{s}` is local seconds since 1970-01-01 00:00, a Thursday; `{x}` the grouped integer. Formats are
Looker Studio's, see its page on semantic types.
"""

from __future__ import annotations

from typing import Final

from catalogue.field import Dimension, TimeDimension

_GROUP: Final = "Time"
_DAY: Final = "({s} // 86400)"
_DATE: Final = "(DATE '1970-01-01' + CAST({s} // 86400 AS INTEGER))"
_SHOWN_DATE: Final = "strftime(DATE '1970-01-01' + CAST({x} AS INTEGER), '%Y%m%d')"
_PLAIN: Final = "CAST({x} AS VARCHAR)"
_TWO_DIGITS: Final = "lpad(CAST({x} AS VARCHAR), 2, '0')"
#: Weeks are counted from Monday 1970-01-05, day 4; the Thursday of a week decides its ISO year.
_WEEK: Final = "(({s} // 86400 + 3) // 7)"
_THURSDAY: Final = "(DATE '1970-01-08' + CAST(({x} - 1) * 7 AS INTEGER))"


def _cut(
    field_id: str, label: str, semantic: str, raw: str, shown: str, about: str, hourly: bool = False
) -> TimeDimension:
    return TimeDimension(
        id=field_id,
        label=label,
        group=_GROUP,
        semantic=semantic,
        raw=raw,
        shown=shown,
        about=about,
        hourly=hourly,
    )


FIELDS: Final = (
    _cut("date", "Date", "YEAR_MONTH_DAY", _DAY, _SHOWN_DATE,
         "Day of the report: of orders their creation, or payment when they are dated so; of "
         "returns their creation, of settlements the statement, of TikTok's own figures the "
         "shop's own day."),
    _cut("date_hour", "Date & Hour", "YEAR_MONTH_DAY_HOUR", "({s} // 3600)",
         "strftime(make_timestamp({x} * 3600000000), '%Y%m%d%H')",
         "Day and hour, 00 to 23, of the same moment.", hourly=True),
    _cut("hour", "Hour", "HOUR", "({s} // 3600 % 24)", _TWO_DIGITS,
         "Hour of the day, 00 to 23.", hourly=True),
    _cut("day_of_week", "Day of Week", "DAY_OF_WEEK", "(({s} // 86400 + 4) % 7)", _PLAIN,
         "0 is Sunday, 6 is Saturday."),
    _cut("day_of_month", "Day of Month", "DAY", f"day({_DATE})", _TWO_DIGITS,
         "01 to 31."),
    _cut("month_day", "Month & Day", "MONTH_DAY", f"(month({_DATE}) * 100 + day({_DATE}))",
         "lpad(CAST({x} AS VARCHAR), 4, '0')", "Month and day without the year."),
    _cut("week_iso", "ISO Week (Year & Week)", "YEAR_WEEK", _WEEK,
         f"strftime({_THURSDAY}, '%G%V')",
         "ISO 8601 week-year and week; weeks start on Monday."),
    _cut("week_of_year", "Week of Year", "WEEK", f"week({_DATE})", _TWO_DIGITS,
         "ISO week number without the year."),
    _cut("week_start_date", "Week Start (Monday)", "YEAR_MONTH_DAY", _WEEK,
         "strftime(DATE '1970-01-05' + CAST(({x} - 1) * 7 AS INTEGER), '%Y%m%d')",
         "Monday of the week."),
    _cut("week_start_sunday", "Week Start (Sunday)", "YEAR_MONTH_DAY",
         "(({s} // 86400 + 4) // 7)",
         "strftime(DATE '1970-01-04' + CAST(({x} - 1) * 7 AS INTEGER), '%Y%m%d')",
         "Sunday on or before the day, for weeks as used in the US."),
    _cut("year_month", "Year & Month", "YEAR_MONTH", f"(year({_DATE}) * 100 + month({_DATE}))",
         _PLAIN, "Calendar month."),
    _cut("month", "Month of Year", "MONTH", f"month({_DATE})", _TWO_DIGITS, "01 to 12."),
    _cut("year_quarter", "Year & Quarter", "YEAR_QUARTER",
         f"(year({_DATE}) * 10 + quarter({_DATE}))", _PLAIN, "Calendar quarter."),
    _cut("quarter", "Quarter", "QUARTER", f"quarter({_DATE})", _PLAIN, "1 to 4."),
    _cut("year", "Year", "YEAR", f"year({_DATE})", _PLAIN, "Calendar year."),
    Dimension(
        id="paid_date",
        label="Paid Date",
        group=_GROUP,
        semantic="YEAR_MONTH_DAY",
        homes={"orders": "[paid_time]"},
        about="Day of payment, empty while unpaid; used without Date, the date range means it too.",
    ),
)  # fmt: skip
