"""Which table values.append finds in a range.

A table is a block of filled cells that touch, corners included, widened to its bounding box. Of
those that meet the range the last one counts: the lowest, and of these the rightmost.
"""

from __future__ import annotations

from .areas import Box
from .workbook import Tab


def tables(tab: Tab) -> list[Box]:
    """All tables of a sheet."""
    left = {
        (row, column)
        for row, column, cell in tab.grid.filled(tab.grid.whole)
        if cell.value is not None
    }
    found: list[Box] = []
    while left:
        block = [left.pop()]
        for row, column in block:
            for down in (-1, 0, 1):
                for aside in (-1, 0, 1):
                    near = (row + down, column + aside)
                    if near in left:
                        left.remove(near)
                        block.append(near)
        rows, columns = [row for row, _ in block], [column for _, column in block]
        found.append(Box(min(rows), min(columns), max(rows) + 1, max(columns) + 1))
    return found


def table_for(tab: Tab, box: Box) -> Box | None:
    meeting = [table for table in tables(tab) if table.meets(box)]
    return max(meeting, key=lambda table: (table.bottom, table.right), default=None)
