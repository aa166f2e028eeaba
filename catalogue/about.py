"""What an answer says of itself, as dimensions, because a report shows no header."""

from __future__ import annotations

from typing import Final

from catalogue.field import AnswerDimension

_GROUP: Final = "About the data"


def _of_answer(field_id: str, label: str, semantic: str, about: str) -> AnswerDimension:
    return AnswerDimension(id=field_id, label=label, group=_GROUP, semantic=semantic, about=about)


FIELDS: Final = (
    _of_answer("data_as_of", "Data as of", "YEAR_MONTH_DAY_SECOND",
               "When the newest of what is shown was read from TikTok; of several kinds of data "
               "or shops the earliest."),
    _of_answer("covered_from", "Data from", "YEAR_MONTH_DAY",
               "First day that is imported of what is shown; of several kinds of data the latest."),
    _of_answer("data_note", "Data Note", "TEXT",
               "What to mind about the numbers shown, such as days that are missing; empty when "
               "there is nothing."),
)  # fmt: skip
