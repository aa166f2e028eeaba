"""The rows of an answer as plain values, for pages of our own. Pure.

A page asks the same engine as a chart in Looker Studio does, so that the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from connector.cells import Form
from connector.fetch import Answer, Patience
from connector.request import GetDataRequest
from store.accounts import Principal

#: (who asks, request, form of the rows, patience) -> the answer, as `Answers.answer` gives it.
Ask = Callable[[Principal, GetDataRequest, Form, Patience], Answer]

#: Field id -> text, number, true or false, or None. Money is a float here, the last step of an
#: answer; dates are ISO 8601.
Row = Mapping[str, str | float | bool | None]


def rows(answer: Answer) -> list[Row]:
    """The rows of an answer in the form `ndjson`, in its order."""
    return [orjson.loads(line) for line in b"".join(answer.body.chunks).splitlines()]
