"""A date read as precisely as it was given, and no more: which days it names, its parts, and its words.

A date is EDTF of level 0 or 1 (https://www.loc.gov/standards/datetime/) or an RFC 3339 instant, which the
service checked when it took it. What is not one of them has no words, no days and no parts.
"""

import re
from datetime import date as Day
from typing import NamedTuple

MONTHS = (  # not ``calendar``'s, which follow the locale of the process
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
SEASONS = {21: "spring", 22: "summer", 23: "autumn", 24: "winter"}
_DOUBTS = {"": "", "~": "about ", "?": "perhaps ", "%": "perhaps about "}

_POINT = re.compile(
    r"(?:Y(?P<distant>-?\d{5,9})|(?P<year>-?\d\d(?:\d\d|\dX|XX))"
    r"(?:-(?P<month>0[1-9]|1[0-2]|2[1-4]|XX)(?:-(?P<day>0[1-9]|[12]\d|3[01]|XX))?)?)(?P<doubt>[?~%]?)",
    re.ASCII,
)
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d)(:\d\d)(?:\.\d+)?([Zz]|[+-]\d\d(?::\d\d)?)?", re.ASCII)


class Point(NamedTuple):
    """One date, or one end of an interval."""

    year: int
    """Astronomical: 0 is 1 BC. The first that it may be, where a decade or a century is given."""
    last_year: int
    month: int | None = None
    """1 to 12, 21 to 24 for a season, None where not given."""
    day: int | None = None
    unspecified: str = ""
    """``month`` or ``day`` where the date says that there is one, but not which."""
    doubt: str = ""
    """``~`` approximate, ``?`` uncertain, ``%`` both."""

    @property
    def exact(self) -> bool:
        """Whether it is one day, beyond doubt."""
        return self.day is not None and not self.doubt


class When(NamedTuple):
    """What a date says. Both ends are the same unless it is an interval, whose one end may be missing."""

    start: Point | None
    end: Point | None
    open: bool = False
    """Whether the end that is missing is open (``..``): without end, rather than with one unknown."""
    time: str = ""
    """``HH:MM:SS`` of an instant in UTC, or of a time whose zone is not given."""
    zoned: bool = False


def read(text: str | None, earliest: str | None = None) -> When | None:
    """What a date says, or None if there is none. ``earliest`` is an instant's own, in UTC."""
    if not text:
        return None
    if stamp := _STAMP.fullmatch(text):
        if stamp[4] and (found := _STAMP.fullmatch(earliest or "")):
            stamp = found
        day = _point(stamp[1])
        return When(day, day, time=stamp[2] + stamp[3], zoned=stamp[4] in ("Z", "z"))
    first, slash, last = text.partition("/")
    start, end = _point(first), _point(last if slash else first)
    if not (start or end) or any(part not in ("", "..") and not _point(part) for part in (first, last)):
        return None
    return When(start, end, ".." in (first, last))


def days(when: When) -> tuple[Day, Day] | None:
    """The first and the last day of a date that names them, in the years 1 to 9999, or None."""
    first, last = (_day(point) for point in (when.start, when.end))
    return (first, last) if first and last else None


def words(text: str | None, earliest: str | None = None) -> str:
    """The date in plain English, at the precision given; empty if there is none.

    Made of this module's own words and of numbers: it needs no escaping in any format. An interval includes
    its ends, so what has an unknown beginning happened *by* its end, on that day perhaps.

    >>> [words(text) for text in ("2025-12", "2025-12-22~", "/2025-12-23", "2025-12-22/2025-12-23")]
    ['December 2025', 'about 22 December 2025', 'by 23 December 2025', '22 to 23 December 2025']
    """
    when = read(text, earliest)
    if when is None:
        return ""
    start, end = (_said(point) if point else "" for point in (when.start, when.end))
    if when.time:
        clock = when.time[:5] if when.time.endswith(":00") else when.time
        return f"{start}, {clock} UTC" if when.zoned else f"{start}, {clock}, time zone not given"
    if when.start == when.end:
        return start
    if not end:
        return f"from {start} on" if when.open else f"from {start}, end unknown"
    if not start:
        return f"until {end}" if when.open else f"by {end}"
    if when.start and when.end and when.start.exact and when.end.exact and when.start[:3] == when.end[:3]:
        return f"{when.start.day} to {end}"
    return f"{start} to {end}"


def _point(text: str) -> Point | None:
    found = _POINT.fullmatch(text)
    if not found:
        return None
    if distant := found["distant"]:
        return Point(int(distant), int(distant), doubt=found["doubt"])
    # Of a decade or century, the digits left out are 0 or 9; before year 0, 9 is the earlier.
    ends = sorted(int(found["year"].replace("X", digit)) for digit in "09")
    month, day = (int(part) if part and part != "XX" else None for part in found.group("month", "day"))
    hidden = "day" if found["day"] == "XX" else "month" if found["month"] == "XX" else ""
    return Point(ends[0], ends[1], month, day, hidden, found["doubt"])


def _day(point: Point | None) -> Day | None:
    if not point or not point.exact or not 1 <= point.year <= 9999:
        return None
    return Day(point.year, point.month or 1, point.day or 1)


def _said(point: Point) -> str:
    year = _year(point.year)
    if point.last_year != point.year:
        decade = point.last_year - point.year == 9 and point.year >= 1000
        return _DOUBTS[point.doubt] + (
            f"a year in the {year}s" if decade else f"a year from {year} to {_year(point.last_year)}"
        )
    said = year
    if point.month:
        said = f"{SEASONS.get(point.month) or MONTHS[point.month - 1]} {year}"
    if point.day:
        said = f"{point.day} {said}"
    if point.unspecified:
        said = f"a {point.unspecified} in {said}"
    return _DOUBTS[point.doubt] + said


def _year(year: int) -> str:
    if year >= 1000:
        return str(year)
    return f"AD {year}" if year > 0 else f"{1 - year} BC"
