"""A timeline as an Atom feed (RFC 4287). Media type ``application/atom+xml``.

A feed is of what was published: ``updated`` is when the record was last written, ``published`` when it was
first, which is known of a first version only. Both are times of recording. When the thing itself happened may
be a month or a guess, which no date in Atom can say: it is in ``content``, in words, and in
``dcterms:temporal`` as recorded (EDTF).

Ids are ``urn:uuid:``, of version 5 (RFC 9562): of a record by its kind and id alone, since an id outlives
the address it is served at (section 4.2.6), of a feed by its address.
"""

from collections.abc import Iterable, Iterator
from uuid import NAMESPACE_URL, UUID, uuid5

from service.exports import timeline_texts
from service.exports.characters import xml
from service.exports.timelines import (
    Entry,
    Timeline,
    clean,
    encoded,
    linkable,
    record_address,
    type_of,
)

NAMESPACE = UUID("a93d1e1b-5a4b-5ce5-8a0e-6d9c6a0e3f52")
"""Of the ids of records; for ever."""


def write(timeline: Timeline, entries: Iterable[Entry]) -> Iterator[bytes]:
    """The timeline as one feed, entries in the order given. Text comes back as it was, but for `clean`."""
    return encoded(_pieces(timeline, entries))


def _pieces(timeline: Timeline, entries: Iterable[Entry]) -> Iterator[str]:
    links = _link("self", timeline.address, type="application/atom+xml")
    if timeline.next:
        links += _link("next", timeline.next, type="application/atom+xml")
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:dcterms="http://purl.org/dc/terms/">\n'
        f"{_element('id', uuid5(NAMESPACE_URL, clean(timeline.address)).urn)}"
        f"{_element('title', timeline.title)}"
        f"{_element('updated', timeline.updated)}"
        "<author><name>Parley</name></author>\n"
        f"<generator>Parley</generator>\n{links}"
    )
    for entry in entries:
        yield f"<entry>\n{''.join(_entry(timeline, entry))}</entry>\n"
    yield "</feed>\n"


def _entry(timeline: Timeline, entry: Entry) -> Iterator[str]:
    record = entry.record
    yield _element("id", uuid5(NAMESPACE, f"{entry.kind}/{record['id']}").urn)
    yield _element("title", timeline_texts.headline(entry))
    yield _element("updated", record["recorded_at"])
    if record["version"] == 1:
        yield _element("published", record["recorded_at"])
    if entry.date:
        yield _element("dcterms:temporal", entry.date)
    for term in (entry.kind, type_of(entry), *record.get("tags", ())):
        if term:
            yield f'<category term="{_xml(term)}"/>\n'
    yield _link("alternate", record_address(timeline, entry), type="application/json")
    for title, _, address in entry.sources:
        if found := linkable(address):
            yield _link("via", found, title=title)
    yield f'<content type="text">{_xml(timeline_texts.plain(entry))}</content>\n'


def _element(name: str, text: str) -> str:
    return f"<{name}>{_xml(text)}</{name}>\n"


def _link(relation: str, address: str, **attributes: str) -> str:
    more = "".join(f' {name}="{_xml(value)}"' for name, value in attributes.items())
    return f'<link rel="{relation}" href="{_xml(address)}"{more}/>\n'


def _xml(text: str) -> str:
    return xml(clean(text))
