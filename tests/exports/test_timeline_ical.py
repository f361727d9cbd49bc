"""iCalendar, read back by the icalendar library."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Component

from service.diplomacy import dates
from service.exports import ical, timeline_texts
from service.exports.timelines import Entry, clean
from service.settings import Settings
from tests.exports.timeline_samples import NAMES, TIMELINE, Dated, all_dates, entry, of_the_demo, texts


def written(*entries: Entry) -> bytes:
    return b"".join(ical.write(TIMELINE, entries))


def parsed(*entries: Entry) -> list[Component]:
    """The components, from a calendar of which the reader understood everything."""
    calendar = Calendar.from_ical(written(*entries))
    for component in calendar.walk():
        assert component.errors == []
    return [component for component in calendar.subcomponents if component.name != "VTIMEZONE"]


def only(one: Entry) -> Component:
    (component,) = parsed(one)
    return component


def as_read(text: str) -> str:
    return clean(text).replace("\r\n", "\n").replace("\r", "\n")


def test_an_event_in_full() -> None:
    place = {"name": "Berlin; Mitte", "country": "DE", "lat": 52.52, "lon": -13.4050001}
    component = only(
        entry(title="A round, the “first”", version=3, place=place, tags=["a,b"], notes="C:\\New")
    )
    assert component.name == "VEVENT"
    assert component["UID"] == "a-talk@parley"
    assert component["SEQUENCE"] == 2
    assert component["DTSTAMP"].dt == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert component["SUMMARY"] == "A round, the “first”"
    assert component["LOCATION"] == "Berlin; Mitte"
    assert (component["GEO"].latitude, component["GEO"].longitude) == (52.52, -13.405)
    assert component["CATEGORIES"].cats == ["talk", "in-person", "a,b"]
    assert component["URL"] == "https://parley.example/v1/talks/a-talk"
    assert component["STATUS"] == "CONFIRMED"
    assert component["TRANSP"] == "TRANSPARENT"
    assert component["DESCRIPTION"].split("\n") == [
        "Date: 21 December 2025 (2025-12-21)",
        f"Participants: {NAMES['ann']} (party); {NAMES['bob']} (mediator)",
        "Mode: in-person",
        "Status: held",
        "Place: Berlin; Mitte",
        "Notes: C:\\New",
        "Source: A paper, read, The Publisher, https://paper.example/a?b=1&c=2",
    ]
    assert "ATTENDEE" not in component


def test_the_calendar() -> None:
    calendar = Calendar.from_ical(written(entry()))
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]
    assert calendar["NAME"] == calendar["X-WR-CALNAME"] == TIMELINE.title
    assert calendar["LAST-MODIFIED"].dt == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025-12-21", date(2025, 12, 21), date(2025, 12, 22)),
        ("2025-12-31/2026-01-02", date(2025, 12, 31), date(2026, 1, 3)),
        ("2025-12-22T19:30:00", date(2025, 12, 22), date(2025, 12, 23)),
        ("2025-12-22T21:30:00+02:00", datetime(2025, 12, 22, 19, 30, tzinfo=UTC), None),
    ],
)
def test_what_is_on_a_day_is_an_event(text: str, start: date, end: date | None) -> None:
    component = only(entry(date=text))
    assert component.name == "VEVENT"
    assert component["DTSTART"].dt == start
    assert ("DTEND" in component) == bool(end)
    if end:
        assert component["DTEND"].dt == end
    assert component["X-PARLEY-DATE"] == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2025-12", "December 2025"),
        ("2025-12-22~", "about 22 December 2025"),
        ("2025-12-XX", "a day in December 2025"),
        ("/2025-12-23", "by 23 December 2025"),
        ("-0043-03-15", "15 March 44 BC"),
        ("9999-12-31", "31 December 9999"),
    ],
)
def test_what_is_on_no_day_is_a_note(text: str, words: str) -> None:
    component = only(entry(date=text, status="cancelled"))
    assert component.name == "VJOURNAL"
    assert not {"DTSTART", "DTEND", "DUE", "DURATION", "STATUS", "LOCATION", "GEO", "TRANSP"} & set(component)
    assert component["X-PARLEY-DATE"] == text
    assert component["DESCRIPTION"].startswith(f"Date: {words} ({text})\n")
    assert "\nStatus: cancelled\n" in component["DESCRIPTION"]


def test_what_nobody_dated_is_a_note() -> None:
    component = only(entry("proposal", date=None))
    assert component.name == "VJOURNAL"
    assert "X-PARLEY-DATE" not in component
    assert component["DESCRIPTION"].startswith("Date: not known\n")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("proposed", "TENTATIVE"),
        ("scheduled", "CONFIRMED"),
        ("held", "CONFIRMED"),
        ("cancelled", "CANCELLED"),
        ("postponed", "TENTATIVE"),
    ],
)
def test_the_status_of_a_talk(status: str, expected: str) -> None:
    assert only(entry(status=status))["STATUS"] == expected


def test_a_statement_is_by_its_speaker() -> None:
    component = only(entry("statement", title="So be it."))
    assert component["SUMMARY"] == f"{NAMES['ann']}: So be it."
    assert "STATUS" not in component


def test_nothing_is_a_calendar_all_the_same() -> None:
    calendar = Calendar.from_ical(written())
    assert [component.name for component in calendar.subcomponents] == ["VTIMEZONE"]


@settings(max_examples=300)
@given(texts, texts, texts)
@example("a\\Nb", "\\\\n", "\\")
@example("é" * 40, "\\" * 200, "🕊" * 80)
def test_any_text_comes_back(title: str, said: str, place: str) -> None:
    one = entry(title=title, notes=said, place={"name": place}, tags=[said or "-", title or "-"])
    component = only(one)
    assert component["SUMMARY"] == as_read(title)
    assert component["LOCATION"] == as_read(place)
    assert component["DESCRIPTION"] == as_read(timeline_texts.plain(one))
    assert component["CATEGORIES"].cats[2:] == [as_read(said) or "-", as_read(title) or "-"]


@settings(max_examples=300)
@given(st.lists(texts, max_size=3))
def test_lines_are_as_long_as_they_may_be(all_titles: list[str]) -> None:
    lines = written(*(entry(title=title, notes=title * 3) for title in all_titles)).split(b"\r\n")
    assert lines.pop() == b""
    assert max(map(len, lines)) <= 75
    for line, following in pairwise(lines):
        line.decode()  # never parted within a character
        assert b"\n" not in line
        assert b"\r" not in line
        if following.startswith(b" "):
            assert (len(line) - len(line.rstrip(b"\\"))) % 2 == 0  # nor within an escape


@settings(max_examples=200)
@given(all_dates)
def test_every_date_is_honest(dated: Dated) -> None:
    component = only(entry(date=dated.text))
    assert component["X-PARLEY-DATE"] == dated.text
    earliest, latest = dates.rendered(dates.bounds(dated.text))
    if not dated.days or str(latest).startswith("9999-12-31"):
        assert "DTSTART" not in component
        return
    assert earliest
    assert latest
    start = component["DTSTART"].dt
    if isinstance(start, datetime):
        assert start == datetime.fromisoformat(earliest)
    else:
        assert start == date.fromisoformat(earliest)
        assert component["DTEND"].dt == date.fromisoformat(latest) + timedelta(days=1)


def test_the_demo(demo: Settings) -> None:
    entries = of_the_demo()
    components = parsed(*entries)
    assert len(entries) > 20
    assert [component["UID"] for component in components] == [f"{one.record['id']}@parley" for one in entries]
    assert {component.name for component in components} == {"VEVENT", "VJOURNAL"}
