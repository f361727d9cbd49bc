"""A timeline as CSV (RFC 4180), a row an entry. Media type ``text/csv; charset=utf-8; header=present``.

No byte order mark: the format has none, and programs would find it in the first column's name.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from service.exports import timeline_texts
from service.exports.csv_zip import harmless
from service.exports.timelines import Entry, Timeline, clean, encoded, record_address, type_of

COLUMNS = (
    "date",
    "earliest",
    "latest",
    "kind",
    "title",
    "id",
    "actors",
    "text",
    "place",
    "sources",
    "source_urls",
    "type",
    "status",
    "country",
    "lat",
    "lon",
    "result",
    "translation",
    "tags",
    "notes",
    "version",
    "recorded_at",
    "url",
)
"""``date`` is the date as recorded (EDTF). ``actors``, ``sources``, ``source_urls`` and ``tags`` hold one to
a line. A source without a URL leaves its line of ``source_urls`` empty."""


def write(timeline: Timeline, entries: Iterable[Entry]) -> Iterator[bytes]:
    """The timeline as a header and a row for each entry. Text is as it was but for `clean` and `harmless`."""
    return encoded(_rows(timeline, entries))


def _rows(timeline: Timeline, entries: Iterable[Entry]) -> Iterator[str]:
    yield f"{','.join(COLUMNS)}\r\n"
    for entry in entries:
        cells = _cells(timeline, entry)
        yield f"{','.join(_cell(cells.get(column)) for column in COLUMNS)}\r\n"


def _cells(timeline: Timeline, entry: Entry) -> dict[str, Any]:
    record = entry.record
    place = record.get("place", {})
    return {
        "date": entry.date,
        "earliest": entry.earliest,
        "latest": entry.latest,
        "kind": entry.kind,
        "title": entry.title,
        "id": record["id"],
        "actors": _lines(timeline_texts.actors(entry)),
        "text": timeline_texts.text(entry),
        "place": place.get("name"),
        "sources": _lines(title for title, _, _ in entry.sources),
        "source_urls": _lines(address or "" for _, _, address in entry.sources),
        "type": type_of(entry),
        "status": record.get("status"),
        "country": place.get("country"),
        "lat": place.get("lat"),
        "lon": place.get("lon"),
        "result": record.get("outcome", {}).get("result"),
        "translation": record.get("translation"),
        "tags": _lines(record.get("tags", ())),
        "notes": record.get("notes"),
        "version": record["version"],
        "recorded_at": record["recorded_at"],
        "url": record_address(timeline, entry),
    }


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(" ".join(text.splitlines()) for text in texts)


def _cell(value: Any) -> str:
    """Text is never a formula, a year before 0 (``-0043``) neither. Numbers are numbers, as they are."""
    return harmless(clean(value)) if isinstance(value, str) else "" if value is None else str(value)
