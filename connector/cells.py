"""How a row is written: SQL that makes its text, so that no Python object is made per cell. Pure.

Three readers want three forms. `looker`: getData's `{"values":[...]},`, dates in Looker's digits
(developers.google.com/looker-studio/connector/semantics). `csv`: RFC 4180. `ndjson`: one JSON
object a line, its keys the field ids. In the last two dates are ISO 8601, so that spreadsheets and
warehouses know them: 2026-08-01, 2026-08-01 10:00:00 (with T in `ndjson`), 2026-W31, 2026-08,
2026-Q3. `plain_csv` is `csv` whose texts are left as they are even where a spreadsheet would take
one for a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from catalogue.field import Dimension, Metric, TimeDimension

Form = Literal["looker", "csv", "plain_csv", "ndjson"]


class _Iso(NamedTuple):
    """`cut`: the ISO text from Looker's {x}; {t} stands between day and
    time. `formats`: those of strftime for Looker and for ISO, used where a field is made by it,
    because that is five times faster (measured) than cutting."""

    cut: str
    formats: tuple[str, str] | None = None


_DAY: Final = "{x}[1:4] || '-' || {x}[5:6] || '-' || {x}[7:8]"
_HOUR: Final = _DAY + " || '{t}' || {x}[9:10]"
_ISO: Final[Mapping[str, _Iso]] = {
    "YEAR_MONTH_DAY": _Iso(_DAY, ("%Y%m%d", "%Y-%m-%d")),
    "YEAR_MONTH_DAY_HOUR": _Iso(_HOUR + " || ':00:00'", ("%Y%m%d%H", "%Y-%m-%d{t}%H:00:00")),
    "YEAR_MONTH_DAY_SECOND": _Iso(
        _HOUR + " || ':' || {x}[11:12] || ':' || {x}[13:14]",
        ("%Y%m%d%H%M%S", "%Y-%m-%d{t}%H:%M:%S"),
    ),
    "YEAR_WEEK": _Iso("{x}[1:4] || '-W' || {x}[5:6]", ("%G%V", "%G-W%V")),
    "YEAR_MONTH": _Iso("{x}[1:4] || '-' || {x}[5:6]"),
    "YEAR_QUARTER": _Iso("{x}[1:4] || '-Q' || {x}[5:5]"),
}
#: Begins like no formula and needs no quotes in CSV. Comparing texts costs a fifth of a regular
#: expression; between these bounds are digits and letters.
_HARMLESS: Final = (
    "({x} BETWEEN '0' AND '<' OR {x} BETWEEN 'A' AND '~') AND NOT (contains({x}, ',') "
    "OR contains({x}, '\"') OR contains({x}, chr(10)) OR contains({x}, chr(13)))"
)
#: What Excel, LibreOffice and Google Sheets may take for a formula, also behind spaces; the wide
#: signs are those of East Asian keyboards.
_FORMULA: Final = "^([\\s\u00a0\ufeff]*[=+\\-@＝＋－＠]|[\\t\\r\\n])"
_QUOTED: Final = "'\"' || replace({x}, '\"', '\"\"') || '\"'"
_GUARDED: Final = _QUOTED.format(
    x=f"CASE WHEN regexp_matches({{x}}, '{_FORMULA}') THEN '''' || {{x}} ELSE {{x}} END"
)
_CSV_TEXT: Final = f"CASE WHEN {_HARMLESS} THEN {{x}} ELSE {{q}} END"


def shown(dimension: Dimension, raw: str) -> str:
    """The text Looker sees, made from the grouped value; filters are about it."""
    if isinstance(dimension, TimeDimension):
        return dimension.shown.format(x=raw)
    if dimension.is_instant and dimension.semantic == "YEAR_MONTH_DAY":
        return f"strftime(DATE '1970-01-01' + CAST({raw} AS INTEGER), '%Y%m%d')"
    if dimension.is_instant:
        return f"strftime(make_timestamp({raw} * 1000000), '%Y%m%d%H%M%S')"
    return f"CAST({raw} AS VARCHAR)" if dimension.semantic == "BOOLEAN" else raw


def dimension_cell(form: Form, dimension: Dimension, raw: str) -> str:
    """SQL of a dimension's cell from its grouped value; never null."""
    text = shown(dimension, raw)
    is_computed = isinstance(dimension, TimeDimension) or dimension.semantic in _ISO
    if form != "looker" and dimension.semantic in _ISO:
        text = _in_iso(_ISO[dimension.semantic], text, "T" if form == "ndjson" else " ")
    if dimension.semantic == "BOOLEAN" or (is_computed and _is_csv(form)):
        return _or_missing(form, text)
    if is_computed:
        return _or_missing(form, f"'\"' || {text} || '\"'")
    if not _is_csv(form):
        return _or_missing(form, f"CAST(to_json({text}) AS VARCHAR)")
    text = f"CAST({text} AS VARCHAR)"
    quoted = _GUARDED if form == "csv" else _QUOTED
    return _or_missing(form, _CSV_TEXT.format(x=text, q=quoted.format(x=text)))


def metric_cell(form: Form, metric: Metric, value: str) -> str:
    """SQL of a metric's cell from its value; never null."""
    if metric.is_money:
        # Exact until here; the last step may be a float.
        value = f"CAST({value} AS DOUBLE)"
    text = f"CAST({value} AS VARCHAR)"
    if form == "looker" and metric.semantic == "DURATION":
        # Looker reads durations as text only.
        text = f"'\"' || {text} || '\"'"
    return _or_missing(form, text)


def row(form: Form, names: Sequence[str], cells: Sequence[str]) -> str:
    """SQL of a row's text. `names`: ids of the fields that the cells show, in order."""
    if _is_csv(form):
        if len(cells) == 1:
            # An empty line is no row to most readers.
            cells = [f"COALESCE(NULLIF({cells[0]}, ''), '\"\"')"]
        return "concat(" + ", ',', ".join(cells) + r", E'\r\n')"
    if form == "looker":
        return "concat('{\"values\":[', " + ", ',', ".join(cells) + ", ']},')"
    keyed = ", ',', ".join(
        f"'\"{name}\":', {cell}" for name, cell in zip(names, cells, strict=True)
    )
    return f"concat('{{', {keyed}, E'}}\\n')"


def csv_header(titles: Sequence[str]) -> bytes:
    """The first line of a CSV."""
    line = io.StringIO()
    csv.writer(line).writerow(titles)
    return line.getvalue().encode()


def _in_iso(iso: _Iso, text: str, between: str) -> str:
    looker, wanted = iso.formats or ("", "")
    if looker and f"'{looker}'" in text:
        return text.replace(f"'{looker}'", f"'{wanted.format(t=between)}'")
    return f"({iso.cut.format(x=f'({text})', t=between)})"


def _is_csv(form: Form) -> bool:
    return form in ("csv", "plain_csv")


def _or_missing(form: Form, text: str) -> str:
    return f"COALESCE({text}, '{'' if _is_csv(form) else 'null'}')"
