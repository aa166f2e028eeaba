"""Windows: every second of a range is read exactly once, newest first, cut at UTC midnight."""

from __future__ import annotations

import random

import pytest

from backfill.windows import DAY, FIRST_SHOP, cut, floor_of, gaps, halves, must_split, plan

#: 12 September 2026, 00:00 UTC.
MIDNIGHT = 20_708 * DAY


def test_three_months_are_ninety_days_from_midnight_utc() -> None:
    assert floor_of(MIDNIGHT + 50_000) == MIDNIGHT - 90 * DAY
    assert floor_of(float(MIDNIGHT)) == MIDNIGHT - 90 * DAY
    assert floor_of(MIDNIGHT - 1) == MIDNIGHT - 91 * DAY


def test_a_range_is_cut_at_midnight_and_the_newest_piece_comes_first() -> None:
    pieces = cut((MIDNIGHT - DAY - 10, MIDNIGHT + 20), 1)
    assert pieces == [
        (MIDNIGHT, MIDNIGHT + 20),
        (MIDNIGHT - DAY, MIDNIGHT),
        (MIDNIGHT - DAY - 10, MIDNIGHT - DAY),
    ]


def test_a_range_that_ends_at_midnight_has_no_empty_piece() -> None:
    assert cut((MIDNIGHT - DAY, MIDNIGHT), 1) == [(MIDNIGHT - DAY, MIDNIGHT)]
    assert cut((MIDNIGHT, MIDNIGHT), 1) == []


def test_weeks_are_the_same_weeks_whenever_the_run_began() -> None:
    early = cut((0, MIDNIGHT + 100), 7)
    late = cut((0, MIDNIGHT + 3 * DAY), 7)
    assert early[1:] == late[1:]
    assert all((end - start) == 7 * DAY for start, end in early[1:])


def test_without_a_step_the_range_stays_whole() -> None:
    assert cut((5, 500_000), None) == [(5, 500_000)]


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([], [(10, 20)]),
        ([(10, 20)], []),
        ([(0, 100)], []),
        ([(0, 12)], [(12, 20)]),
        ([(15, 30)], [(10, 15)]),
        ([(12, 14), (16, 17)], [(10, 12), (14, 16), (17, 20)]),
        ([(16, 17), (12, 14), (13, 16)], [(10, 12), (17, 20)]),
        ([(14, 14)], [(10, 20)]),
        ([(0, 10), (20, 30)], [(10, 20)]),
    ],
)
def test_gaps_are_what_nobody_has_read(
    taken: list[tuple[int, int]], left: list[tuple[int, int]]
) -> None:
    assert gaps((10, 20), taken) == left


def test_a_longer_range_plans_only_what_is_new() -> None:
    read = [(MIDNIGHT - 2 * DAY, MIDNIGHT)]
    assert plan((MIDNIGHT - 3 * DAY, MIDNIGHT + 60), read, 1) == [
        (MIDNIGHT, MIDNIGHT + 60),
        (MIDNIGHT - 3 * DAY, MIDNIGHT - 2 * DAY),
    ]


def seconds_covered(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches joined where they touch; fails where two overlap (an independent sweep)."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        assert start < end
        if joined:
            assert start >= joined[-1][1], "two windows read the same second"
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def test_ten_thousand_random_plans_have_no_gap_and_no_overlap() -> None:
    draw = random.Random(20260912)
    for _ in range(10_000):
        start = draw.randrange(0, 40 * DAY)
        end = start + draw.randrange(1, 12 * DAY)
        taken: list[tuple[int, int]] = []
        at = start - draw.randrange(0, DAY)
        while draw.random() < 0.6:  # disjoint, as coverage is
            at += draw.randrange(1, 3 * DAY)
            until = at + draw.randrange(1, 2 * DAY)
            taken.append((at, until))
            at = until
        step = draw.choice((1, 7, None))
        planned = plan((start, end), taken, step)
        assert planned == sorted(planned, reverse=True)
        inside = [
            (max(one, start), min(other, end))
            for one, other in taken
            if one < end and other > start
        ]
        assert seconds_covered(planned + inside) == [(start, end)]
        if step is not None:
            assert all((last - 1) // DAY // step == first // DAY // step for first, last in planned)


def test_ten_thousand_random_splits_have_no_gap_and_no_overlap() -> None:
    draw = random.Random(7)
    for _ in range(10_000):
        start = draw.choice((0, draw.randrange(1, MIDNIGHT)))
        whole = (start, start + draw.randrange(2, MIDNIGHT))
        pieces = [whole]
        for _ in range(draw.randrange(1, 8)):
            one = pieces.pop(draw.randrange(len(pieces)))
            if one[1] - one[0] < 2:
                pieces.append(one)
                continue
            newer, older = halves(one)
            assert newer[0] == older[1]
            pieces += [newer, older]
        assert seconds_covered(pieces) == [whole]


def test_a_window_from_the_beginning_of_time_is_not_halved_into_1998() -> None:
    newer, older = halves((0, MIDNIGHT))
    assert older[0] == 0
    assert newer[0] == (FIRST_SHOP + MIDNIGHT) // 2


def test_one_second_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="second"):
        halves((10, 11))


@pytest.mark.parametrize(
    ("length", "rows", "total", "finished", "split"),
    [
        (DAY, 100, 10_001, False, True),  # more than TikTok lists
        (DAY, 100, 10_000, False, False),
        (2, 100, 10_001, False, True),
        (1, 100, 10_001, False, False),  # nothing left to cut
        (DAY, 90, 100, True, True),  # rows are missing at the end
        (DAY, 90, 100, False, False),  # not the end yet
        (3_600, 90, 100, True, False),  # too short to try again
        (DAY, 110, 100, True, False),
        (DAY, 0, None, True, False),
    ],
)
def test_a_window_is_split_when_it_would_not_be_complete(
    length: int, rows: int, total: int | None, finished: bool, split: bool
) -> None:
    assert must_split((MIDNIGHT, MIDNIGHT + length), rows, total, finished) is split
