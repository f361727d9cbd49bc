"""Days, weeks, months, quarters and years, and what repeats what within them."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.diplomacy.dates import BEGINNING, END
from service.diplomacy.duplicates import DUPLICATES, Held, distinct
from service.diplomacy.windows import MOST_WINDOWS, WINDOWS, number, series, windows
from service.errors import InvalidParameters

DAY = 86_400
EPOCH = date(1970, 1, 1)


def second(day: str, of_day: int = 0) -> int:
    return (date.fromisoformat(day) - EPOCH).days * DAY + of_day


def held(day: str, stance: int = 1, *sources: str) -> Held:
    return Held("ann", "ceasefire", stance, f"said-{day}-{stance}", second(day), sources)


@pytest.mark.parametrize(
    ("unit", "first", "last", "labels", "start", "end"),
    [
        ("month", "2025-11-30", "2026-01-01", "2025-11 2025-12 2026-01", "2025-11-01", "2026-01-31"),
        ("quarter", "2025-12-31", "2026-04-01", "2025-Q4 2026-Q1 2026-Q2", "2025-10-01", "2026-06-30"),
        ("year", "2024-02-29", "2025-01-01", "2024 2025", "2024-01-01", "2025-12-31"),
        # 2020 has a week 53, which ends in 2021; 29 December 2025 belongs to the first week of 2026.
        ("week", "2020-12-31", "2021-01-04", "2020-W53 2021-W01", "2020-12-28", "2021-01-10"),
        ("week", "2025-12-28", "2025-12-29", "2025-W52 2026-W01", "2025-12-22", "2026-01-04"),
    ],
)
def test_windows(unit: str, first: str, last: str, labels: str, start: str, end: str) -> None:
    found = windows(unit, second(first), second(last, DAY - 1))
    assert [window.label for window in found] == labels.split()
    assert (found[0].start, found[-1].end) == (second(start), second(end, DAY - 1))


@given(
    st.sampled_from(WINDOWS),
    st.datetimes(timezones=st.just(UTC)),
    st.timedeltas(timedelta(0), timedelta(900)),
)
def test_windows_lie_side_by_side(unit: str, first: datetime, span: timedelta) -> None:
    begin = int(first.timestamp() // 1)
    end = begin + int(span.total_seconds())
    found = windows(unit, begin, end)
    assert found[0].start <= begin <= found[0].end
    assert found[-1].start <= end <= found[-1].end
    assert all(after.start == before.end + 1 for before, after in pairwise(found))
    assert len({window.label for window in found}) == len(found)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-3, 3))
def test_the_number_is_that_of_the_calendar(when: datetime, eras: int) -> None:
    moment = int(when.timestamp() // 1)
    monday = when.date() - timedelta(when.weekday()) if when.date() >= date(1, 1, 8) else None
    year, month = when.year, when.month
    assert number(moment, "month") == year * 12 + month - 1
    assert number(moment, "year") == year
    assert number(moment, "quarter") == year * 4 + (month - 1) // 3
    if monday:
        assert number(moment, "week") == number(int((monday - EPOCH).days) * DAY, "week")
        iso_year, week, _ = when.isocalendar()
        assert windows("week", moment, moment)[0].label == f"{iso_year:04d}-W{week:02d}"
    # The calendar is the same 400 years on, beyond what datetime reaches too.
    shifted = moment + eras * 146_097 * DAY
    assert number(shifted, "month") == number(moment, "month") + eras * 4_800


@pytest.mark.parametrize("unit", ["day", *WINDOWS])
def test_no_date_is_out_of_reach(unit: str) -> None:
    assert number(BEGINNING, unit) < number(0, unit) < number(END, unit)


def test_a_year_before_the_common_era() -> None:
    assert [window.label for window in windows("quarter", -62_198_755_200, -62_198_755_200)] == ["-0001-Q1"]


def test_too_many_windows_are_refused() -> None:
    assert len(windows("month", second("1930-01-01"), second("2029-12-31"))) == MOST_WINDOWS
    for attempt in (("month", second("1930-01-01"), second("2030-01-01")), ("fortnight", 0, 0)):
        with pytest.raises(InvalidParameters) as refused:
            windows(*attempt)
        assert refused.value.faults[0].place == "windows"


def test_a_series_has_every_window_and_leaves_out_what_has_no_date() -> None:
    said = [
        held("2025-10-05"),
        Held("bob", "ceasefire", 1, "open", BEGINNING),
        held("2025-12-01"),
        held("2025-12-21"),
        Held("bob", "ceasefire", 1, "undated", END),
    ]
    found = [(window.label, entries) for window, entries in series(said, "month")]
    assert found == [("2025-10", [said[0]]), ("2025-11", []), ("2025-12", [said[2], said[3]])]
    assert list(series(said[1:2], "month")) == []


@pytest.mark.parametrize(
    ("duplicates", "kept"),
    [
        ("include", "2024-03-01 2024-03-01 2024-03-04 2024-03-31 2025-03-01 2025-03-02"),
        ("day", "2024-03-01 2024-03-04 2024-03-31 2025-03-01 2025-03-02"),
        # Both the first of March 2024 and that of 2025 lie in the ninth week.
        ("week", "2024-03-01 2024-03-04 2024-03-31 2025-03-01"),
        ("month", "2024-03-01 2025-03-01"),
        ("year", "2024-03-01 2025-03-01"),
        ("all", "2024-03-01"),
    ],
)
def test_the_earliest_in_its_unit_stays(duplicates: str, kept: str) -> None:
    days = ["2024-03-01", "2024-03-01", "2024-03-04", "2024-03-31", "2025-03-01", "2025-03-02"]
    found = list(distinct([held(day) for day in days], duplicates))
    assert [one.statement for one in found] == [f"said-{day}-1" for day in kept.split()]


@pytest.mark.parametrize("duplicates", sorted(DUPLICATES.keys() - {"include"}))
def test_another_stance_is_a_repetition_only_where_stances_are_ignored(duplicates: str) -> None:
    said = [held("2025-12-21", stance, "paper") for stance in (1, -1, 1)]
    assert [one.stance for one in distinct(said, duplicates)] == [1, -1]
    assert [one.stance for one in distinct(said, duplicates, stance_counts=False)] == [1]
    others = [said[0]._replace(actor="bob"), said[0]._replace(issue="land")]
    assert list(distinct([said[0], *others], duplicates)) == [said[0], *others]


def test_a_statement_of_several_sources_stays_if_it_is_new_in_one() -> None:
    said = [
        held("2025-12-01", 1, "times"),
        held("2025-12-02", 1, "times", "post"),  # new in the Post
        held("2025-12-03", 1, "post"),
        held("2025-12-04", 1, "post", "times"),
        held("2025-12-05", 1),  # cites nothing, repeats nothing
        held("2025-12-05", 1),
    ]
    assert list(distinct(said, "source")) == [said[0], said[1], said[4], said[5]]
