"""CSV, read back by Python's own reader."""

import csv
import io

import pytest
from hypothesis import given, settings

from service.exports import timeline_csv
from service.exports.timelines import Entry, clean
from service.settings import Settings
from tests.exports import reading
from tests.exports.timeline_samples import NAMES, TIMELINE, entry, of_the_demo, texts


def written(*entries: Entry) -> bytes:
    return b"".join(timeline_csv.write(TIMELINE, entries))


def parsed(*entries: Entry) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(written(*entries).decode(), newline=""), strict=True))
    assert all(None not in row and None not in row.values() for row in rows)  # each as long as the header
    return rows


def test_a_row() -> None:
    place = {"name": "Berlin", "country": "DE", "lat": -33.5, "lon": 13}
    one = entry(
        place=place, outcome={"result": "progress", "summary": "Half,\nagreed"}, tags=["a", "b"], notes="N"
    )._replace(sources=[("One", "P", None), ("Two", None, "https://two.example/")])
    assert parsed(one) == [
        {
            "date": "2025-12-21",
            "earliest": "2025-12-21",
            "latest": "2025-12-21",
            "kind": "talk",
            "title": "A round",
            "id": "a-talk",
            "actors": f"{NAMES['ann']} (party)\n{NAMES['bob']} (mediator)",
            "text": "Half,\nagreed",
            "place": "Berlin",
            "sources": "One\nTwo",
            "source_urls": "\nhttps://two.example/",
            "type": "in-person",
            "status": "held",
            "country": "DE",
            "lat": "-33.5",
            "lon": "13",
            "result": "progress",
            "translation": "",
            "tags": "a\nb",
            "notes": "N",
            "version": "1",
            "recorded_at": "2026-01-02T03:04:05.678901Z",
            "url": "https://parley.example/v1/talks/a-talk",
        }
    ]


def test_what_each_kind_says() -> None:
    clauses = [{"key": "1", "text": "A truce"}, {"key": "2"}, {"key": "3", "text": "An exchange"}]
    figures = [
        {"label": "dead", "value": 3, "unit": "people", "bound": "at-least", "attributed_to": "ann"},
        {"label": "drones", "value": 0},
    ]
    rows = parsed(
        entry("statement", on_behalf_of="bob"),
        entry("proposal", clauses=clauses),
        entry("event", figures=figures),
    )
    assert [row["text"] for row in rows] == [
        "So be it.",
        "1: A truce\n3: An exchange",
        f"dead: at least 3 people (according to {NAMES['ann']})\ndrones: 0",
    ]
    assert [row["actors"] for row in rows] == [
        f"{NAMES['ann']} (for {NAMES['bob']})",
        NAMES["bob"],
        f"{NAMES['ann']} (attacker)",
    ]


def test_the_form() -> None:
    head, row, end = written(entry(title='Say "when"')).split(b"\r\n")
    assert head.decode().split(",")[:6] == ["date", "earliest", "latest", "kind", "title", "id"]
    assert b'"Say ""when"""' in row
    assert end == b""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    text = f"{start}HYPERLINK(1)"
    row = parsed(entry("statement", date="-0043", title=text, text=text, notes=text, tags=[text]))[0]
    assert row["title"] == row["text"] == row["notes"] == f"'{text}"
    assert row["date"] == "'-0043"
    for name, cell in row.items():
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), name


@settings(max_examples=300)
@given(texts, texts)
def test_any_text_comes_back(title: str, said: str) -> None:
    row = parsed(entry("statement", title=title, text=said, tags=[title, said]), entry())[0]
    assert row["title"] == reading.cell(clean(title))
    assert row["text"] == reading.cell(clean(said))
    assert row["tags"].count("\n") == 1


def test_the_demo(demo: Settings) -> None:
    entries = of_the_demo()
    rows = parsed(*entries)
    assert [(row["date"], row["title"], row["id"]) for row in rows] == [
        (one.date or "", one.title, one.record["id"]) for one in entries
    ]
