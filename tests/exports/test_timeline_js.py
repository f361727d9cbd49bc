"""The JSON for TimelineJS: what it says of dates, and that no text in it is markup."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from lxml import html

from service.diplomacy import dates
from service.exports import partial_dates, timeline_texts, timelinejs
from service.exports.timelines import Entry, clean
from service.settings import Settings
from tests.exports.timeline_samples import (
    NAMES,
    SOURCE,
    TIMELINE,
    Dated,
    all_dates,
    entry,
    of_the_demo,
    texts,
)


def written(*entries: Entry) -> Any:
    return orjson.loads(b"".join(timelinejs.write(TIMELINE, entries)))


def only(one: Entry) -> Any:
    (event,) = written(one)["events"]
    return event


def parts(**given: int) -> dict[str, int]:
    return given


@pytest.mark.parametrize(
    ("text", "start", "end", "words"),
    [
        ("2025-12-21", parts(year=2025, month=12, day=21), None, None),
        (
            "2025-12-31/2026-01-02",
            parts(year=2025, month=12, day=31),
            parts(year=2026, month=1, day=2),
            None,
        ),
        ("2025-12", parts(year=2025, month=12), None, "December 2025"),
        ("2025", parts(year=2025), None, "2025"),
        ("2025-12-22~", parts(year=2025, month=12, day=22), None, "about 22 December 2025"),
        ("/2025-12-23", parts(year=2025, month=12, day=23), None, "by 23 December 2025"),
        ("2025-11/..", parts(year=2025, month=11), None, "from November 2025 on"),
        ("2024/2025-06", parts(year=2024), parts(year=2025, month=6), "2024 to June 2025"),
        ("2025-21", parts(year=2025), None, "spring 2025"),
        ("202X", parts(year=2020), parts(year=2029), "a year in the 2020s"),
        (
            "2025-12-22T21:30:00+02:00",
            parts(year=2025, month=12, day=22, hour=19, minute=30, second=0),
            None,
            "22 December 2025, 19:30 UTC",
        ),
    ],
)
def test_a_date_has_the_parts_that_were_given(text: str, start: Any, end: Any, words: str | None) -> None:
    event = only(entry(date=text))
    assert event["start_date"] == start
    assert event.get("end_date") == end
    assert event.get("display_date") == words


@settings(max_examples=200)
@given(all_dates)
def test_every_date_is_honest(dated: Dated) -> None:
    event = only(entry(date=dated.text))
    earliest, latest = dates.rendered(dates.bounds(dated.text))
    start = event["start_date"]
    end = event.get("end_date", start)
    assert tuple(start) == dated.first
    assert tuple(end) == dated.last
    if earliest:
        assert agree(earliest, start)
    if latest:
        assert agree(latest, end)
    if not dated.days or "hour" in start:
        assert event["display_date"] == partial_dates.words(dated.text, earliest)


def agree(bound: str, given: dict[str, int]) -> bool:
    """Whether a bound lies in what the parts denote."""
    calendar_date, _, time = bound.partition("T")
    year, month, day = calendar_date.rsplit("-", 2)
    clock = [int(part) for part in time.removesuffix("Z").split(":")] if time else []
    return [int(year), int(month), int(day), *clock][: len(given)] == list(given.values())


def test_an_entry() -> None:
    event = only(entry("statement", title="So be it.", tags=["x"]))
    assert (event["unique_id"], event["group"], event["autolink"]) == ("a-statement", "statement", False)
    assert event["text"]["headline"] == f"{NAMES['ann']}: So be it."
    paragraphs = html.fragments_fromstring(event["text"]["text"])
    assert [paragraph.text_content() for paragraph in paragraphs] == [
        f"Speaker: {NAMES['ann']}",
        "So be it.",
        "Channel: speech",
        "Status: attested",
        f"Source: {', '.join(SOURCE)}",
    ]
    assert paragraphs[-1].find("a").get("href") == SOURCE[2]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", " https://x", None])
def test_only_web_addresses_are_links(address: str | None) -> None:
    event = only(entry()._replace(sources=[("A paper", None, address)]))
    assert "<a" not in event["text"]["text"]


def test_what_nobody_dated_is_counted() -> None:
    undated = entry("proposal", date=None)
    assert written(entry())["title"]["text"] == {"headline": "Talks &amp; counter-talks", "text": ""}
    assert written(undated) == {
        "events": [],
        "title": {
            "text": {
                "headline": "Talks &amp; counter-talks",
                "text": "<p>1 without a date is not shown.</p>",
            },
            "autolink": False,
        },
    }
    made = written(undated, entry(), undated)
    assert len(made["events"]) == 1
    assert made["title"]["text"]["text"] == "<p>2 without a date are not shown.</p>"


@settings(max_examples=300)
@given(texts, texts)
def test_any_text_comes_back_and_none_is_markup(title: str, said: str) -> None:
    named = entry("statement", title=title, text=f"<{said}>")._replace(
        sources=[(f"<{title}>", said, SOURCE[2])], names={"ann": f"&lt;{title}"}
    )
    event = only(named)
    assert shown(event["text"]["headline"]) == as_shown(timeline_texts.headline(named))
    body = html.fragment_fromstring(event["text"]["text"], create_parent="div")
    assert {element.tag for element in body.iterdescendants()} <= {"p", "b", "br", "a"}
    assert all(set(element.keys()) <= {"href", "target", "rel"} for element in body.iter())
    paragraphs = [
        f"Speaker: &lt;{title}",
        f"<{said}>",
        "Channel: speech",
        "Status: attested",
        f"Source: {timeline_texts.sources(named)[0]}",
    ]
    found = [shown(html.tostring(p, encoding="unicode", with_tail=False)) for p in body]
    assert found == [as_shown(paragraph) for paragraph in paragraphs]


def as_shown(text: str) -> str:
    return "\n".join(clean(text).splitlines())


def shown(markup: str) -> str:
    """What a browser shows of it, a line for each <br>."""
    root = html.fragment_fromstring(markup, create_parent="div")
    for line_break in root.iter("br"):
        line_break.tail = f"\n{line_break.tail or ''}"
    return str(root.text_content())


def test_the_demo(demo: Settings) -> None:
    entries = of_the_demo()
    made = written(*entries)
    dated = [one.record["id"] for one in entries if one.date]
    assert [event["unique_id"] for event in made["events"]] == dated
    assert {event["group"] for event in made["events"]} == {"talk", "statement", "proposal", "event"} & {
        one.kind for one in entries
    }
