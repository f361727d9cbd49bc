"""Dates as people know them, and the bounds by which they are filtered and sorted.

A date is EDTF of level 0 or 1 (ISO 8601-2; the Library of Congress profile of 4 February 2019,
https://www.loc.gov/standards/datetime/) or an instant (RFC 3339). It keeps the precision it was
given with: a month is not its first day, an unknown end stays unknown, a local time is given no zone.

Bounds count whole seconds since 1970-01-01T00:00:00Z, in the proleptic Gregorian calendar.
"""

import re
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from edtf import EDTFObject

BEGINNING = -(2**62)  # an unknown or open start: before every date, and within a 64-bit column
END = 2**62  # an unknown or open end: after every date

_DAY = 86_400
_MICRO = 1_000_000
_LONGEST = 60  # the longest meaningful text is some 40 characters; more is not worth a parser's time
_EXPECTED = (
    "expected EDTF of level 0 or 1, such as 2025-12-21, 2025-12, 2025, 2025-12-22~, 2025-12-XX, 202X, "
    "2025-12-22/2025-12-23, 2025-12-22/.. or Y12025, or an instant such as 2025-12-22T19:30:00Z"
)

# What a date with a time looks like: RFC 3339, or level 0, which may leave out the zone or its minutes.
_STAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d(?::\d\d)?)?", re.ASCII
)
# What any other date of level 0 or 1 looks like. Level 1 leaves at most the last two digits of a year
# unspecified, and none in an interval. What does not pass never meets the library, which on some of it
# raises TypeError or AttributeError and prints to standard output; what passes, the library still judges.
_INTERVAL_END = r"(?:\.\.|-?\d{4}(?:-\d\d){0,2}[?~%]?)?"
_SHAPE = re.compile(
    rf"(?!.*-0000)(?:Y-?\d{{5,9}}|-?\d\d(?:\d\d|\dX|XX)(?:-(?:\d\d|XX)){{0,2}}[?~%]?"
    rf"|{_INTERVAL_END}/{_INTERVAL_END})",
    re.ASCII,
)


# Nearly every date is one of these. The library takes milliseconds to parse each; a test compares the two.
_PLAIN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?[?~%]?", re.ASCII)


class Bounds(NamedTuple):
    """The first and the last second a date may mean, both included; BEGINNING or END where unknown."""

    earliest: int
    latest: int


UNDATED = Bounds(END, END)  # of a record without any date: sorts last


class InvalidDate(ValueError):
    """The text is not a date this service takes; the message says what it is and what is expected."""


@lru_cache(maxsize=2**14)
def bounds(text: str) -> Bounds:
    """The bounds of an EDTF date (level 0 or 1) or an RFC 3339 instant.

    An instant's bounds are the one second it falls in. Qualifiers (? ~ %) do not widen the bounds: how
    far "about" reaches is not ours to guess. Winter (24) is the December of its year, as in the library.
    Cached, since one parse takes the library milliseconds. For any text, raises InvalidDate or nothing.

    >>> bounds("1970-01")
    Bounds(earliest=0, latest=2678399)
    >>> rendered(bounds("2025-12-22/.."))
    ('2025-12-22', None)
    """
    try:
        found = _bounds(text)
        if found.earliest > found.latest:
            raise ValueError("the interval ends before it begins")
    except ValueError as error:
        raise InvalidDate(f"{text!r:.{_LONGEST + 2}} is not a date: {error}") from error
    return found


@lru_cache(maxsize=2**12)
def rendered(bounds: Bounds) -> tuple[str | None, str | None]:
    """How an answer writes bounds: an instant twice, or two calendar dates; None for an unknown end.

    Cached, since many things are said and done on one day.

    Years outside 0000-9999 are written with a sign or more digits: ``-0999-01-01``, ``170000002-01-01``.

    >>> rendered(bounds("2025-12-22T21:30:00+02:00"))
    ('2025-12-22T19:30:00Z', '2025-12-22T19:30:00Z')
    """
    earliest, latest = bounds
    if earliest == latest and BEGINNING < earliest < END:
        day, second = divmod(earliest, _DAY)
        minutes, second = divmod(second, 60)
        instant = f"{_written(day)}T{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}Z"
        return instant, instant
    return (
        None if earliest in (BEGINNING, END) else _written(earliest // _DAY),
        None if latest in (BEGINNING, END) else _written(latest // _DAY),
    )


def last_moment(text: str) -> int:
    """The last microsecond that a date or instant denotes, in microseconds since 1970-01-01T00:00:00Z.

    An instant keeps its microseconds; further digits are cut. Raises InvalidDate as `bounds` does, and
    where the end is unknown or open, or so distant that 64 bits do not hold it (some 292,000 years).
    """
    latest = bounds(text).latest
    stamp = _STAMP.fullmatch(text)
    if stamp and stamp[8]:
        return latest * _MICRO + int((stamp[7] or "")[:6].ljust(6, "0"))
    if latest == END:
        raise InvalidDate(f"{text!r} has no known end: give a date or an instant that has one")
    moment = (latest + 1) * _MICRO - 1
    if not -(2**63) <= moment < 2**63:
        raise InvalidDate(f"{text!r} is too distant: give a year within 290,000 years of 1970")
    return moment


def _bounds(text: object) -> Bounds:
    """As `bounds`, but raises ValueError with the bare reason, and does not compare the two ends."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ValueError(_EXPECTED)
    if stamp := _STAMP.fullmatch(text):
        return _stamped(stamp)
    if (plain := _PLAIN.fullmatch(text)) and (found := _plain(*plain.groups())):
        return found
    if not _SHAPE.fullmatch(text):
        raise ValueError(_EXPECTED)
    if not text.strip("./"):
        raise ValueError("neither end is known; leave the date out instead")

    # Here, because it takes a tenth of a second, and most commands never meet such a date.
    from edtf import Interval, Level1Interval

    try:
        parsed = _grammar().parse_string(text, parse_all=True)[0]
    except Exception as error:  # the library lets out more than its own exception
        raise ValueError(f"it is EDTF of level 2, or none: {_EXPECTED}") from error
    if type(parsed) in (Interval, Level1Interval):  # not a subclass: Level2Interval is one
        return Bounds(_span(parsed.lower).earliest, _span(parsed.upper).latest)
    return _span(parsed)


@cache
def _grammar() -> Any:
    """The library's grammar of levels 0 and 1: with that of level 2 a parse takes four times as long."""
    from edtf.parser.grammar import level0Expression, level1Expression

    return level0Expression ^ level1Expression


def _plain(year: str, month: str | None, day: str | None) -> Bounds | None:
    """The bounds of a year, a month or a day; None where the library has to judge: a season, no such day."""
    try:
        first = _midnight(int(year), int(month or 1), int(day or 1))
        if day:
            return Bounds(first, first + _DAY - 1)
        after = divmod(int(year) * 12 + (int(month) if month else 12), 12)
        return Bounds(first, _midnight(after[0], after[1] + 1, 1) - 1)
    except ValueError:
        return None


def _span(part: "EDTFObject") -> Bounds:
    """The bounds of what the library made of one date, or of one end of an interval."""
    from edtf import Date, LongYear, Season, UncertainOrApproximate, Unspecified, UnspecifiedIntervalSection

    # Exact types throughout: the library's level 2 classes are subclasses of its level 1 classes.
    if type(part) is UnspecifiedIntervalSection:
        return Bounds(BEGINNING, END)  # the library guesses ten years where the end is unknown
    if type(part) is UncertainOrApproximate:
        part = part.date
    if type(part) is Unspecified and part.month:
        # In negative years the library swaps the ends of a month or day that is unspecified; Date does not.
        part = Date(part.year, part.month, part.day)
    if type(part) not in (Date, LongYear, Season, Unspecified):
        raise ValueError(f"it is EDTF of level 2; {_EXPECTED}")
    first, last = part.lower_strict(), part.upper_strict()
    return Bounds(_midnight(*first[:3]), _midnight(*last[:3]) + _DAY - 1)


def _stamped(stamp: re.Match[str]) -> Bounds:
    """The bounds of a date with a time: the second where its zone is known, its calendar day where not."""
    hour, minute, second = int(stamp[4]), int(stamp[5]), int(stamp[6])
    fraction, zone = stamp[7], stamp[8] or ""
    midnight = _midnight(int(stamp[1]), int(stamp[2]), int(stamp[3]))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("the time of day must be from 00:00:00 to 23:59:59")
    if len(zone) in (0, 3) and (fraction or "t" in stamp[0]):  # level 0 has neither; RFC 3339 needs the zone
        raise ValueError("an instant needs its zone in full: Z, or an offset such as +02:00")
    if not zone:
        return Bounds(midnight, midnight + _DAY - 1)  # no guess of a zone
    offset_hours, offset_minutes = (0, 0) if zone in "Zz" else (int(zone[1:3]), int(zone[4:] or 0))
    if offset_hours > 23 or offset_minutes > 59:
        raise ValueError("the offset from UTC must be from -23:59 to +23:59")
    ahead = (offset_hours * 60 + offset_minutes) * (-60 if zone[0] == "-" else 60)
    instant = midnight + hour * 3600 + minute * 60 + second - ahead
    if not _midnight(0, 1, 1) <= instant < _midnight(10_000, 1, 1):
        raise ValueError("in UTC the instant must fall within the years 0000 to 9999")
    return Bounds(instant, instant)


# The Gregorian calendar repeats every 400 years, which are 146,097 days. Counting in such eras reaches any
# year, as in H. Hinnant's days_from_civil and civil_from_days
# (https://howardhinnant.github.io/date_algorithms.html). Within one era, from year 400 to 799, datetime.date
# counts, and refuses days that do not exist.
_ERA_YEARS, _ERA_DAYS = 400, 146_097
_ERA_START = date(_ERA_YEARS, 1, 1).toordinal()
_EPOCH = date(1970, 1, 1).toordinal() - _ERA_START  # days from 0400-01-01


def day_of(year: int, month: int, day: int) -> int:
    """The day of a date, counted from 1970-01-01; ValueError where there is no such day."""
    era, year_of_era = divmod(year, _ERA_YEARS)
    day_of_era = date(year_of_era + _ERA_YEARS, month, day).toordinal() - _ERA_START
    return (era - 1) * _ERA_DAYS + day_of_era - _EPOCH


def civil(day: int) -> tuple[int, int, int]:
    """Year, month and day of a day, counted from 1970-01-01; the reverse of `day_of`."""
    era, day_of_era = divmod(day + _EPOCH, _ERA_DAYS)
    found = date.fromordinal(day_of_era + _ERA_START)
    return found.year + era * _ERA_YEARS, found.month, found.day


def year_written(year: int) -> str:
    """Four digits at least, and a sign before year 0."""
    return f"{'-' if year < 0 else ''}{abs(year):04d}"


def _midnight(year: int, month: int, day: int) -> int:
    """The first second of a day; ValueError where there is no such day."""
    return day_of(year, month, day) * _DAY


@lru_cache(maxsize=2**13)
def _written(day: int) -> str:
    """The calendar date of a day, which is counted from 1970-01-01."""
    year, month, of_month = civil(day)
    return f"{year_written(year)}-{month:02d}-{of_month:02d}"
