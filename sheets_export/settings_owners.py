"""Which row of the tab `_settings` belongs to which export. Pure.

An export belongs to its tab, so who writes another text into Name renames it. Where the cell Tab is
empty, the tab is called as the export was at first, and a row is known by its name, or by all else
that it says when only the name is another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sheets_export.definition import kept_texts
from sheets_export.exporting import export_id_of
from store.exports import Export


def owners(
    spreadsheet_id: str, rows: Sequence[Mapping[str, str]], known: Mapping[str, Export]
) -> list[str]:
    """`rows`: texts by name; `known`: the exports that rows have made, by id. The id of each row's
    export, a new one as well; "" where another row has it already."""
    by_name = {one.name: one.id for one in known.values()}
    found: dict[int, str] = {}
    for number, row in enumerate(rows):
        tab = row.get("tab")
        told = export_id_of(spreadsheet_id, tab) if tab else by_name.get(row.get("name", ""))
        if told and told in known:
            _claim(found, number, told)
    for number, row in enumerate(rows):
        if number not in found:
            left = [one for one in known.values() if one.id not in found.values()]
            same = [one.id for one in left if _says_the_same(one, row)]
            tab = row.get("tab")
            export_id = export_id_of(spreadsheet_id, tab or row.get("name", ""))
            is_renamed = not tab and len(same) == 1 and export_id not in known
            _claim(found, number, same[0] if is_renamed else export_id)
    return [found[number] for number in range(len(rows))]


def _claim(found: dict[int, str], number: int, export_id: str) -> None:
    found[number] = "" if export_id in found.values() else export_id


def _says_the_same(export: Export, row: Mapping[str, str]) -> bool:
    """The time zone of a row that names none was looked up when its export was made."""
    zone = row.get("zone") or export.definition.get("zone", "")
    return kept_texts({**row, "zone": zone}) == export.definition


def crossed(now: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """By id, what exports are called and what they are to be called. The pairs that have to swap
    their names, one after the other, so that none is in the way of another which gives it up."""
    names = dict(now)
    for one in now:
        holders = (other for other, name in names.items() if name == wanted[one] != wanted[other])
        other = next(holders, one)
        if other != one:
            names[one], names[other] = names[other], names[one]
            yield one, other
