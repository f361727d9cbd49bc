"""Atom, read back by feedparser and by lxml."""

from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from lxml import etree

from service.exports import atom, timeline_texts
from service.exports.timelines import Entry, clean
from service.settings import Settings
from tests.exports.timeline_samples import NAMES, SOURCE, TIMELINE, entry, of_the_demo, texts

ATOM = "{http://www.w3.org/2005/Atom}"


def written(*entries: Entry) -> bytes:
    return b"".join(atom.write(TIMELINE, entries))


def parsed(*entries: Entry) -> Any:
    feed = feedparser.parse(written(*entries))
    assert feed.bozo == 0
    assert feed.version == "atom10"
    return feed


def links(element: Any, relation: str) -> list[str]:
    return [link.href for link in element.links if link.rel == relation]


def test_the_feed() -> None:
    feed = parsed(entry()).feed
    assert feed.title == TIMELINE.title
    assert feed.updated == TIMELINE.updated
    assert feed.id.startswith("urn:uuid:")
    assert feed.author == "Parley"
    assert links(feed, "self") == [TIMELINE.address]
    assert links(feed, "next") == []


def test_an_entry() -> None:
    one = parsed(entry(tags=["a “tag”"])).entries[0]
    assert one.title == "A round"
    assert one.updated == one.published == "2026-01-02T03:04:05.678901Z"
    assert [tag.term for tag in one.tags] == ["talk", "in-person", "a “tag”"]
    assert links(one, "alternate") == ["https://parley.example/v1/talks/a-talk"]
    assert links(one, "via") == [SOURCE[2]]
    assert one.content[0].type == "text/plain"
    assert f"Participants: {NAMES['ann']} (party)" in one.content[0].value


def test_an_amended_entry_keeps_its_id_and_says_nothing_of_its_first_version() -> None:
    first, second = (parsed(entry(version=version)).entries[0] for version in (1, 2))
    assert first.id == second.id
    assert "published" not in second


def test_ids_are_of_the_record() -> None:
    ids = {one.id for one in parsed(*(entry(kind) for kind in ("talk", "statement", "event"))).entries}
    assert len(ids) == 3
    moved = TIMELINE._replace(address="https://elsewhere.example/v1/tracks/a/timeline")
    feed = feedparser.parse(b"".join(atom.write(moved, [entry()])))
    assert feed.entries[0].id in ids
    assert links(feed.entries[0], "alternate") == ["https://elsewhere.example/v1/talks/a-talk"]


@pytest.mark.parametrize("date", ["2025-12", "2025-12-22~", "/2025-12-23"])
def test_a_date_is_as_recorded(date: str) -> None:
    one = parsed(entry(date=date)).entries[0]
    assert one.dcterms_temporal == date
    assert f"({date})" in one.content[0].value
    assert "dcterms_temporal" not in parsed(entry("proposal", date=None)).entries[0]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//host/x", None])
def test_only_web_addresses_are_links(address: str | None) -> None:
    one = parsed(entry()._replace(sources=[("A paper", None, address)])).entries[0]
    assert links(one, "via") == []


@settings(max_examples=300)
@given(texts, texts)
def test_any_text_comes_back(title: str, said: str) -> None:
    one = entry("statement", title=title, text=said, tags=[title])._replace(
        sources=[(said, title, SOURCE[2])]
    )
    document = written(one)
    feed = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    (element,) = feed.iterfind(f"{ATOM}entry")
    assert element.findtext(f"{ATOM}title") == f"{NAMES['ann']}: {clean(title)}"
    assert element.findtext(f"{ATOM}content") == clean(timeline_texts.plain(one))
    assert element.find(f"{ATOM}link[@rel='via']").get("title") == clean(said)
    assert [category.get("term") for category in element.iterfind(f"{ATOM}category")][2:] == (
        [clean(title)] if title else []
    )
    # feedparser trims, and takes U+0085 for Windows' three dots.
    shown = parsed(one).entries[0]
    assert shown.title == f"{NAMES['ann']}: {clean(title)}".replace("\x85", "…").strip()
    assert shown.content[0].value == clean(timeline_texts.plain(one)).replace("\x85", "…").strip()


def test_the_demo(demo: Settings) -> None:
    entries = of_the_demo()
    found = parsed(*entries).entries
    assert [one.title for one in found] == [timeline_texts.headline(one) for one in entries]
    assert len({one.id for one in found}) == len(entries)
