"""A date in words, and never more of it than was given: against the bounds that the service keeps of it."""

import re
from datetime import date

import pytest
from hypothesis import given, settings

from service.diplomacy import dates
from service.exports import partial_dates
from tests.exports.timeline_samples import DAY, MONTH, Dated, all_dates, year_of

A_MONTH = re.compile("|".join(partial_dates.MONTHS))
A_DAY = re.compile(rf"\d (?:to \d+ )?(?:{A_MONTH.pattern})")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2025-12-21", "21 December 2025"),
        ("2025-12", "December 2025"),
        ("2025", "2025"),
        ("2025-12-22~", "about 22 December 2025"),
        ("2025-12?", "perhaps December 2025"),
        ("2025%", "perhaps about 2025"),
        ("2025-12-XX", "a day in December 2025"),
        ("2025-XX", "a month in 2025"),
        ("2025-XX-XX", "a day in 2025"),
        ("202X", "a year in the 2020s"),
        ("20XX~", "about a year from 2000 to 2099"),
        ("-01XX", "a year from 200 BC to 101 BC"),
        ("009X", "a year from AD 90 to AD 99"),
        ("2025-24", "winter 2025"),
        ("2025-12-22/2025-12-23", "22 to 23 December 2025"),
        ("2025-12-22/2025-12-22", "22 December 2025"),
        ("2025-12-31/2026-01-02", "31 December 2025 to 2 January 2026"),
        ("2025-12-22/2025-12-23?", "22 December 2025 to perhaps 23 December 2025"),
        ("2024/2025-06~", "2024 to about June 2025"),
        ("/2025-12-23", "by 23 December 2025"),
        ("../2025-12-23", "until 23 December 2025"),
        ("2025-12-22/", "from 22 December 2025, end unknown"),
        ("2025-12-22/..", "from 22 December 2025 on"),
        ("2025-12-22T21:30:00+02:00", "22 December 2025, 19:30 UTC"),
        ("2025-12-22t23:30:05.25-02:00", "23 December 2025, 01:30:05 UTC"),
        ("2025-12-22T19:30:00", "22 December 2025, 19:30, time zone not given"),
        ("0033-04-03", "3 April AD 33"),
        ("-0043-03-15", "15 March 44 BC"),
        ("0000", "1 BC"),
        ("Y170000002", "170000002"),
    ],
)
def test_words(text: str, words: str) -> None:
    assert partial_dates.words(text, dates.rendered(dates.bounds(text))[0]) == words


@pytest.mark.parametrize(
    "text", ["", "soon", "2025-13", "2025-12-32", "<b>", "/", "../..", "2025/soon", "2025//"]
)
def test_what_is_no_date_has_no_words(text: str) -> None:
    assert partial_dates.words(text) == ""
    assert partial_dates.read(text) is None


def test_no_date_has_no_words() -> None:
    assert partial_dates.words(None) == ""


@settings(max_examples=200)
@given(all_dates)
def test_words_say_no_more_than_was_given(dated: Dated) -> None:
    first, last = dates.rendered(dates.bounds(dated.text))
    words = partial_dates.words(dated.text, first)
    assert re.fullmatch("[A-Za-z0-9 ,:]+", words)  # nothing that a format would have to escape
    given = {*dated.first, *dated.last}
    assert ("month" in given) == bool(A_MONTH.search(words))
    assert ("day" in given) == bool(A_DAY.search(words))
    for calendar_date in (first, last):
        if calendar_date and (dated.first, dated.last) in {(DAY, DAY), (MONTH, MONTH)}:
            year = year_of(calendar_date)
            assert (str(year) if year > 0 else f"{1 - year} BC") in words
            assert partial_dates.MONTHS[int(calendar_date[-5:-3]) - 1] in words


@settings(max_examples=200)
@given(all_dates)
def test_only_a_date_that_names_its_days_has_days(dated: Dated) -> None:
    first, last = dates.rendered(dates.bounds(dated.text))
    when = partial_dates.read(dated.text, first)
    assert when is not None
    found = partial_dates.days(when)
    assert bool(found) == dated.days
    if found:
        assert first
        assert last
        assert found == (date.fromisoformat(first[:10]), date.fromisoformat(last[:10]))
