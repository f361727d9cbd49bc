"""Days, weeks, months, quarters and years: what falls into the same one, and a row of them for animation.

A week is ISO 8601's: from Monday, and of the year in which its Thursday lies. A week or a month is always
that of its year: March 2024 and March 2025 are two. All in UTC, in the proleptic Gregorian calendar, by the
earliest bound of a date, as everything is sorted: what is dated 2025-12 falls on the first of December.

Discourse Network Analyzer moves overlapping windows over the data (Leifeld, Gruber and Bossner, *Discourse
Network Analyzer Manual*, 2018, section 2.7). These windows lie side by side, each statement in one of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeVar

from service.diplomacy.dates import BEGINNING, END, civil, day_of, year_written
from service.errors import Fault, InvalidParameters

WINDOWS = ("week", "month", "quarter", "year")
MOST_WINDOWS = 1_200
"""A century of months: each window is a network of its own."""

_DAY = 86_400
_TO_MONDAY = 3  # 1970-01-01 was a Thursday


class Window(NamedTuple):
    """One of a row: its name (``2025``, ``2025-Q4``, ``2025-12``, ``2025-W51``), its first and its last
    second."""

    label: str
    start: int
    end: int


class Dated(Protocol):
    """Whatever has an earliest bound, in seconds since 1970."""

    @property
    def earliest(self) -> int: ...


Entry = TypeVar("Entry", bound=Dated)


def number(second: int, unit: str) -> int:
    """Which day, week, month, quarter or year a second falls in: the same number for the same one, one more
    for the next.

    >>> number(0, "year"), number(0, "day"), number(4 * 86400, "week") - number(0, "week")
    (1970, 0, 1)
    """
    return _number(second // _DAY, unit)


def windows(unit: str, first: int, last: int) -> list[Window]:
    """The windows from the one that holds the second ``first`` to the one that holds ``last``, without a gap.

    Raises InvalidParameters for another unit than ``WINDOWS``, or where there would be more than
    ``MOST_WINDOWS``.

    >>> [window.label for window in windows("quarter", 0, 200 * 86400)]
    ['1970-Q1', '1970-Q2', '1970-Q3']
    """
    if unit not in WINDOWS:
        raise _refused(f"must be one of {', '.join(WINDOWS)}")
    begin, end = number(first, unit), number(last, unit)
    if end - begin >= MOST_WINDOWS:
        raise _refused(
            f"would be {end - begin + 1:,} windows, more than {MOST_WINDOWS:,}: take longer ones, or "
            "narrow the dates"
        )
    return [
        Window(_label(unit, place), _start(unit, place) * _DAY, _start(unit, place + 1) * _DAY - 1)
        for place in range(begin, end + 1)
    ]


def series(entries: Iterable[Entry], unit: str) -> Iterator[tuple[Window, list[Entry]]]:
    """The entries of each window from the first entry's to the last one's, in the order they came; a window
    may have none. What has no known beginning or no date falls into no window. Raises as `windows` does.
    """
    by_start: dict[int, list[Entry]] = defaultdict(list)
    earliest, latest = END, BEGINNING
    for entry in entries:
        if BEGINNING < entry.earliest < END:
            earliest, latest = min(earliest, entry.earliest), max(latest, entry.earliest)
            by_start[_start(unit, number(entry.earliest, unit)) * _DAY].append(entry)
    for window in windows(unit, earliest, latest) if by_start else ():
        yield window, by_start.pop(window.start, [])


def _refused(why: str) -> InvalidParameters:
    return InvalidParameters(f"windows {why}.", [Fault("windows", why)])


@lru_cache(maxsize=2**14)
def _number(day: int, unit: str) -> int:
    if unit == "day":
        return day
    if unit == "week":
        return (day + _TO_MONDAY) // 7
    year, month, _ = civil(day)
    return {"month": year * 12 + month - 1, "quarter": year * 4 + (month - 1) // 3, "year": year}[unit]


@lru_cache(maxsize=2**14)
def _start(unit: str, place: int) -> int:
    """The first day of a window, in days since 1970."""
    if unit == "week":
        return place * 7 - _TO_MONDAY
    in_year = {"month": 12, "quarter": 4, "year": 1}[unit]
    year, part = divmod(place, in_year)
    return day_of(year, part * (12 // in_year) + 1, 1)


def _label(unit: str, place: int) -> str:
    if unit == "week":
        thursday = _start(unit, place) + 3
        year = civil(thursday)[0]
        return f"{year_written(year)}-W{(thursday - day_of(year, 1, 1)) // 7 + 1:02d}"
    if unit == "month":
        return f"{year_written(place // 12)}-{place % 12 + 1:02d}"
    if unit == "quarter":
        return f"{year_written(place // 4)}-Q{place % 4 + 1}"
    return year_written(place)
