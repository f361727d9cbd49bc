"""Dates one by one: what is taken, what is refused, and why."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from edtf.parser import grammar

from service.diplomacy.dates import (
    BEGINNING,
    END,
    UNDATED,
    Bounds,
    InvalidDate,
    bounds,
    last_moment,
    rendered,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-21", ("2025-12-21", "2025-12-21")),
        ("2024-02-29", ("2024-02-29", "2024-02-29")),
        ("2000-02", ("2000-02-01", "2000-02-29")),
        ("1900-02", ("1900-02-01", "1900-02-28")),
        ("2024-02-XX", ("2024-02-01", "2024-02-29")),
        ("2025-12-XX~", ("2025-12-01", "2025-12-31")),
        ("0000-02-29", ("0000-02-29", "0000-02-29")),
        ("-0001-12-31", ("-0001-12-31", "-0001-12-31")),
        ("-9999", ("-9999-01-01", "-9999-12-31")),
        # The library gives these three bounds in the wrong order.
        ("-0100-XX", ("-0100-01-01", "-0100-12-31")),
        ("-0100-XX-XX", ("-0100-01-01", "-0100-12-31")),
        ("-0100-02-XX?", ("-0100-02-01", "-0100-02-28")),
        ("Y10000", ("10000-01-01", "10000-12-31")),
        ("Y-10000", ("-10000-01-01", "-10000-12-31")),
        ("Y999999999", ("999999999-01-01", "999999999-12-31")),
        ("2025-12-21/2025-12-21", ("2025-12-21", "2025-12-21")),
        ("2025-12-21/2025-12", ("2025-12-21", "2025-12-31")),
        ("2025-23/2026-21~", ("2025-09-01", "2026-05-31")),
        ("2025-12-22%/..", ("2025-12-22", None)),
        ("../2025-12-22", (None, "2025-12-22")),
        ("/-0044-03-15", (None, "-0044-03-15")),
        ("2001-02-03T09:30:01", ("2001-02-03", "2001-02-03")),
        ("2025-12-22T00:00:00Z", ("2025-12-22T00:00:00Z",) * 2),
        ("2025-12-22t19:30:00.999999z", ("2025-12-22T19:30:00Z",) * 2),
        ("2025-12-22T01:30:00+02:00", ("2025-12-21T23:30:00Z",) * 2),
        ("2025-12-31T20:30:00-04", ("2026-01-01T00:30:00Z",) * 2),
        ("2025-12-22T19:30:00-00:00", ("2025-12-22T19:30:00Z",) * 2),
        ("2025-12-22T00:00:00+23:59", ("2025-12-21T00:01:00Z",) * 2),
        ("0000-01-01T00:00:00Z", ("0000-01-01T00:00:00Z",) * 2),
        ("9999-12-31T23:59:59Z", ("9999-12-31T23:59:59Z",) * 2),
    ],
)
def test_accepted(text: str, expected: tuple[str | None, str | None]) -> None:
    assert rendered(bounds(text)) == expected


REFUSED = [
    # Nothing known.
    "", "/", "..", "../..", "/..", "../",
    # No such day, month, time, zone or year.
    "2025-02-29", "2025-02-30", "2025-04-31", "2025-13", "2025-00", "2025-12-00", "1900-02-29", "-0000",
    "2003-02-29/2005", "2004/-0000", "../-0000", "2025-02-30T00:00:00Z", "2025-12-22T24:00:00Z",
    "2025-12-22T24:00:00",
    "2025-12-31T23:59:60Z", "2025-12-22T23:60:00Z", "2025-12-22T25:00:00", "2025-12-22T10:00:00+24:00",
    "2025-12-22T10:00:00+01:60", "2025-12-22T10:00:00-99", "9999-12-31T23:59:59-12:00",
    "0000-01-01T00:00:00+00:01", "10000", "Y1234", "Y01234", "Y1234567890", "Y-1234567890", "+2025",
    # Reversed.
    "2025-12-23/2025-12-22", "2026/2025", "2004-06/2004-05", "0001/-0001",
    # Level 2, some of it where the library crashes, or takes it for level 1.
    "2025-12-2X", "2025-1X", "2025-1X2", "-0100-XX-X9", "1X9X", "-1XXX", "XXXX", "199X/2005", "../199X",
    "2004-06-XX/..", "1950S2-12", "1950S2-21", "1950S2-XX", "1950S2/1960", "2001-25", "2001-41", "2001-21^x",
    # Neither EDTF nor RFC 3339.
    "20251221", "2025-W51", "2025-355", "21/12/2025", "2025-12-21 10:00:00Z", "2025-12-21T10:00Z",
    "2025-12-21T10:00:00,5Z", "2025-12-21T10:00:00.Z", "2025-12-21T10:00:00+0200", "2025-12-21T10:00:00.5",
    "2025-12-21t10:00:00", "2025-12-21T10:00:00.5+02", "2025-12-21T", "-0999-01-01T00:00:00Z",
    "2025-12-21T10:00:00Z/2025-12-22", "2025-12-21T10:00:00Z?", "2025-12-21/P1D", "2025-12-xx", "2025??",
    # Whitespace and digits that are not ASCII.
    "2025-12-21 ", " 2025-12-21", "2025-12-21\n", "2025-12-21T10:00:00Z\n", "2004 / 2005", "1984 ?",
    "٢٠٢٥-١٢-٢١", "２０２５", "2025-12-21T10:00:0٣Z", "2025‐12‐21", "2025\x00", "\ud800",
    # Long.
    "2025-12-21" * 1000, "2025-12-21T10:00:00." + "0" * 100 + "Z", "[" * 100_000, "Y" + "9" * 5000, "/" * 61,
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text[:30]))
def test_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidDate) as refusal:
        bounds(text)
    with pytest.raises(InvalidDate):
        last_moment(text)
    assert len(str(refusal.value)) < 500
    assert capsys.readouterr().out == ""  # the library prints where it crashes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2025-02-30", "expected EDTF"),
        ("2025-02-29", "day is out of range for month"),
        ("2025-12-23/2025-12-22", "ends before it begins"),
        ("../..", "neither end is known"),
        ("2001-25", "level 2"),
        ("2025-12-31T23:59:60Z", "from 00:00:00 to 23:59:59"),
        ("2025-12-22T10:00:00+24:00", "offset from UTC must be"),
        ("9999-12-31T23:59:59-12:00", "years 0000 to 9999"),
        ("2025-12-21T10:00:00.5", "needs its zone"),
    ],
)
def test_refusals_name_the_text_and_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidDate, match=reason) as refusal:
        bounds(text)
    assert text in str(refusal.value)


def test_no_time_goes_into_what_would_be_refused_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each text the library looks whether it is of level 2 as well, which takes it most of its time."""

    def asked(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(grammar.edtfParser.exprs[-1], "try_parse", asked)
    for text in ("1743-12-XX", "174X", "1743-12-22/1743-12-24~", "Y17430", "1743-24"):
        assert bounds(text).earliest < 0 or text == "Y17430"


def test_seconds_count_from_1970() -> None:
    assert bounds("1970-01-01") == Bounds(0, DAY - 1)
    assert bounds("1969-12-31T23:59:59.5Z") == Bounds(-1, -1)
    assert bounds("2000-03-01T00:00:00Z") == Bounds(951_868_800, 951_868_800)
    # 719,528 days from 0000-01-01 to 1970-01-01 in the proleptic Gregorian calendar.
    assert bounds("0000-01-01").earliest == -719_528 * DAY


def test_unknown_ends_lie_beyond_every_date() -> None:
    assert bounds("Y-999999999").earliest > BEGINNING
    assert bounds("Y999999999").latest < END
    assert bounds("/2006").earliest == bounds("../2006").earliest == BEGINNING
    assert bounds("2006/").latest == bounds("2006/..").latest == END
    assert max(UNDATED, bounds("Y999999999"), bounds("2006/..")) == UNDATED
    assert rendered(UNDATED) == (None, None)
    assert -(2**63) <= BEGINNING < END < 2**63  # a database column holds them


# Last moments


def test_last_moment() -> None:
    assert last_moment("1970-01-01T00:00:00Z") == 0
    assert last_moment("1970-01-01T00:00:01.5Z") == 1_500_000
    assert last_moment("1970-01-01T00:00:00.1234569Z") == 123_456
    assert last_moment("1969-12-31T23:59:59.999999Z") == -1
    assert last_moment("1970-01-01") == DAY * 1_000_000 - 1
    assert last_moment("1970-01-01T12:00:00") == DAY * 1_000_000 - 1  # no zone: the whole day
    assert last_moment("1970-01") == last_moment("/1970-01") == last_moment("1970-01-31")
    assert last_moment("Y290000") < 2**63


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2004/", "no known end"),
        ("2004-06-01/..", "no known end"),
        ("Y170000002", "too distant"),
        ("Y-170000002", "too distant"),
    ],
)
def test_last_moment_refuses_what_has_none(text: str, reason: str) -> None:
    assert bounds(text)
    with pytest.raises(InvalidDate, match=reason):
        last_moment(text)


# The module


def test_the_library_is_imported_only_when_it_is_needed() -> None:
    program = (
        "import sys; from service.diplomacy.dates import bounds\n"
        "bounds('2025-12-22T19:30:00Z'); bounds('2025-12~'); assert 'edtf' not in sys.modules\n"
        "bounds('2025-12-XX'); assert 'edtf' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=True)


def test_bounds_are_cached() -> None:
    bounds("2025-12-21/2025-12-27")
    before = bounds.cache_info().hits
    bounds("2025-12-21/2025-12-27")
    assert bounds.cache_info().hits == before + 1
