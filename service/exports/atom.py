"""A timeline as an Atom feed (RFC 4287). Media type ``application/atom+xml``.

A feed is of what was published: ``updated`` is when the record was last written, ``published`` when it was
first, which is known of a first version only. Both are times of recording. When the thing itself happened may
be a month or a guess, which no date in Atom can say: it is in ``content``, in words, and in
``dcterms:temporal`` as recorded (EDTF).

An entry's id is made of the record's kind and id alone.
"""

from collections.abc import Iterable, Iterator

from service.exports import feeds, timeline_texts
from service.exports.timelines import Entry, Timeline, encoded, linkable, record_address, type_of


def write(timeline: Timeline, entries: Iterable[Entry]) -> Iterator[bytes]:
    """The timeline as one feed, entries in the order given. Text comes back as it was, but for `clean`."""
    return encoded(_pieces(timeline, entries))


def _pieces(timeline: Timeline, entries: Iterable[Entry]) -> Iterator[str]:
    yield feeds.head(timeline.title, timeline.address, timeline.updated)
    for entry in entries:
        yield f"<entry>\n{''.join(_entry(timeline, entry))}</entry>\n"
    yield "</feed>\n"


def _entry(timeline: Timeline, entry: Entry) -> Iterator[str]:
    record = entry.record
    yield feeds.identified(f"{entry.kind}/{record['id']}")
    yield feeds.element("title", timeline_texts.headline(entry))
    yield feeds.element("updated", record["recorded_at"])
    if record["version"] == 1:
        yield feeds.element("published", record["recorded_at"])
    if entry.date:
        yield feeds.element("dcterms:temporal", entry.date)
    for term in (entry.kind, type_of(entry), *record.get("tags", ())):
        if term:
            yield feeds.category(term)
    yield feeds.link("alternate", record_address(timeline, entry), type="application/json")
    for title, _, address in entry.sources:
        if found := linkable(address):
            yield feeds.link("via", found, title=title)
    yield feeds.content(timeline_texts.plain(entry))
