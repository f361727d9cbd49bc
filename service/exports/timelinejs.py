"""A timeline as the JSON that TimelineJS draws (https://timeline.knightlab.com/docs/json-format.html).

Dates have the parts that were given, and no others: of a month its year and month. TimelineJS puts such a
marker where the month begins, and would print the parts in its own way, so that ``display_date`` says it in
words ("December 2025", "about 22 December 2025"). Plain days are left to TimelineJS, which prints them in the
reader's language. An interval that lacks an end stands at the end that is known, a season at its year. An
instant is in UTC, and says so. Entries without any date, which TimelineJS cannot place, are left out, and
counted on the title slide.

TimelineJS takes text for HTML: here all of it is escaped, and the only markup is ours. Two of its habits
(3.9) matter: it turns addresses in a text into links by patterns that let quotes through, after it has
sanitised the text, so ``autolink`` is off; and it unescapes ``display_date``, which holds only our words.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

import orjson

from service.exports import partial_dates, timeline_texts
from service.exports.partial_dates import Point, When
from service.exports.timelines import Entry, Timeline, clean, encoded, linkable

Json = dict[str, Any]


def write(timeline: Timeline, entries: Iterable[Entry]) -> Iterator[bytes]:
    """The timeline as one JSON object: ``events``, then ``title``.

    Text is shown as it was but for line breaks, which all are ``<br>``, and what `clean` replaces.
    """
    return encoded(_pieces(timeline, entries))


def _pieces(timeline: Timeline, entries: Iterable[Entry]) -> Iterator[str]:
    yield '{"events":['
    undated, comma = 0, ""
    for entry in entries:
        when = partial_dates.read(entry.date, entry.earliest)
        if when is None:
            undated += 1
            continue
        yield comma + orjson.dumps(_event(entry, when)).decode()
        comma = ","
    note = f"{undated} without a date {'is' if undated == 1 else 'are'} not shown." if undated else ""
    text = {"headline": _html(timeline.title), "text": f"<p>{note}</p>" if note else ""}
    # Last, since the count is known only now.
    yield f'],"title":{orjson.dumps({"text": text, "autolink": False}).decode()}}}'


def _event(entry: Entry, when: When) -> Json:
    first, last = when.start or when.end, when.end or when.start
    event: Json = {
        "unique_id": entry.record["id"],
        "group": entry.kind,
        "autolink": False,
        "start_date": _parts(first, first.year) | _clock(when) if first else {},
        "text": {"headline": _html(timeline_texts.headline(entry)), "text": _body(entry)},
    }
    ends = _parts(last, last.last_year) if last else {}
    if not when.time and ends != event["start_date"]:
        event["end_date"] = ends
    if when.time or not partial_dates.days(when):
        event["display_date"] = partial_dates.words(entry.date, entry.earliest)
    return event


def _parts(point: Point, year: int) -> Json:
    parts = {"year": year}
    if point.month and point.month not in partial_dates.SEASONS:
        parts["month"] = point.month
    if point.day:
        parts["day"] = point.day
    return parts


def _clock(when: When) -> Json:
    """The time of an instant. A time without a zone is on nobody's clock, and has its day alone."""
    if not when.zoned:
        return {}
    return dict(zip(("hour", "minute", "second"), map(int, when.time.split(":")), strict=True))


def _body(entry: Entry) -> str:
    paragraphs = [
        f"<p><b>{label}:</b> {_html(said)}</p>" if label else f"<p>{_html(said)}</p>"
        for label, said in timeline_texts.paragraphs(entry)
        if label != "Date"  # stands above the text already
    ]
    for (_, _, address), said in zip(entry.sources, timeline_texts.sources(entry), strict=True):
        shown = _html(said)
        if found := linkable(address):
            shown = f'<a href="{_html(found)}" target="_blank" rel="noopener noreferrer">{shown}</a>'
        paragraphs.append(f"<p><b>Source:</b> {shown}</p>")
    return "".join(paragraphs)


def _html(text: str) -> str:
    """The text as HTML that shows it, line breaks included."""
    return escape("\n".join(clean(text).splitlines())).replace("\n", "<br>")
