"""What holds of every date: against datetime, and against any text."""

import calendar
import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from service.diplomacy import dates
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
unhurried = settings(deadline=None)  # the first parse imports the library and builds its grammar


def iso_year(year: int) -> str:
    if abs(year) > 9999:
        return f"Y{year}"
    return f"{'-' if year < 0 else ''}{abs(year):04d}"


@unhurried
@given(st.dates())
def test_a_day_lies_within_its_month_and_its_year(day: date) -> None:
    of_day, of_month, of_year = (bounds(day.isoformat()[:length]) for length in (10, 7, 4))
    assert of_year.earliest <= of_month.earliest <= of_day.earliest
    assert of_day.latest <= of_month.latest <= of_year.latest
    assert of_day.latest - of_day.earliest + 1 == DAY
    assert (of_month.latest - of_month.earliest + 1) // DAY == calendar.monthrange(day.year, day.month)[1]


@unhurried
@given(st.dates(), st.dates())
def test_bounds_order_as_days_do(one: date, other: date) -> None:
    first, second = bounds(one.isoformat()), bounds(other.isoformat())
    assert (first < second) == (one < other)
    assert (first.latest < second.earliest) == (one < other)
    assert first.earliest - second.earliest == (one - other).total_seconds()


@unhurried
@given(st.dates(), st.dates())
def test_an_interval_runs_from_its_first_day_to_its_last(one: date, other: date) -> None:
    first, last = sorted((one, other))
    assert bounds(f"{first}~/{last}?") == Bounds(bounds(str(first)).earliest, bounds(str(last)).latest)
    if first < last:
        with pytest.raises(InvalidDate):
            bounds(f"{last}/{first}")


@unhurried
@given(st.dates())
def test_days_round_trip(day: date) -> None:
    assert rendered(bounds(day.isoformat())) == (day.isoformat(), day.isoformat())


@unhurried
@given(st.integers(-999_999_999, 999_999_998))
@example(-10_000).via("the last year with five digits")
@example(-1).via("into year 0")
@example(0).via("a leap year")
@example(9_999).via("into five digits")
def test_any_year_begins_where_the_one_before_ends(year: int) -> None:
    this, following = bounds(iso_year(year)), bounds(iso_year(year + 1))
    assert this.latest + 1 == following.earliest
    assert this.latest + 1 - this.earliest == (366 if calendar.isleap(year) else 365) * DAY
    written = iso_year(year).removeprefix("Y")
    assert rendered(this) == (f"{written}-01-01", f"{written}-12-31")


@unhurried
@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 - the zone comes next
    st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_instants_are_as_datetime_counts_them(moment: datetime, zone: timezone) -> None:
    since = moment.replace(tzinfo=zone) - EPOCH
    text = moment.replace(tzinfo=zone).isoformat()
    second = since // timedelta(seconds=1)
    assert bounds(text) == Bounds(second, second)
    assert last_moment(text) == since // timedelta(microseconds=1)
    answer = rendered(bounds(text))[0]
    assert answer is not None
    assert bounds(answer) == Bounds(second, second)


edtf_like = st.text("0123456789-/.XY?~%TZ:+ SE[]{},", max_size=30)
spoiled = st.builds(
    lambda text, at, inserted, removed: text[:at] + inserted + text[at + removed :],
    st.sampled_from(
        ["2025-12-21", "199X", "2025-12-XX", "2004-06-01/2005", "../2006", "2004/", "-0100-XX-XX", "Y-17000",
         "2001-21~/2002-24?", "2025-12-22T19:30:00.5+02:00", "2001-02-03T09:30:01"]
    ),
    st.integers(0, 26), st.text("0123456789-/.XY?~%TZ", max_size=2), st.integers(0, 2),
)  # fmt: skip


@settings(unhurried, max_examples=600)
@given(st.one_of(st.text(), edtf_like, spoiled))
@example("2025-12-2X")
@example("0000-XX-XX")
def test_any_text_has_ordered_bounds_or_is_refused(text: str) -> None:
    try:
        found = bounds(text)
    except InvalidDate:
        return
    assert BEGINNING <= found.earliest <= found.latest <= END
    assert found not in (UNDATED, Bounds(BEGINNING, END))
    assert rendered(found) != (None, None)


@unhurried
@given(spoiled)
def test_a_last_moment_is_within_the_latest_second(text: str) -> None:
    try:
        moment = last_moment(text)
    except InvalidDate:
        assume(False)
    assert moment // 1_000_000 == bounds(text).latest


PLAIN = st.builds(
    "".join,
    st.tuples(
        st.one_of(st.integers(0, 9999), st.sampled_from((0, 1900, 2000, 2024, 2025))).map("{:04}".format),
        st.sampled_from(("", *(f"-{month:02}" for month in range(26)))),
        st.sampled_from(("", "-00", "-01", "-28", "-29", "-30", "-31", "-32")),
        st.sampled_from(("", "?", "~", "%")),
    ),
)


@unhurried
@given(PLAIN)
def test_plain_dates_are_read_as_the_library_reads_them(text: str) -> None:
    def read() -> Bounds | str:
        try:
            return dates._bounds(text)
        except ValueError as error:
            return str(error)

    quickly = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dates, "_PLAIN", re.compile("(?!)"))
        assert read() == quickly
