"""What a timeline is to an exporter: titled, entries in date order, each with its record. Nothing of storage.

Every writer is ``write(timeline, entries) -> Iterator[bytes]``: UTF-8, streamed, in memory that does not grow
with the timeline. Text may hold anything; what no format can carry is written as `clean` says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

from schemas.vocabulary import KINDS

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_QUESTION = re.compile(r"/v1/(?:tracks/[^/]+/)?timeline/?$")
_BLOCK = 32_768
_URI = "%/:?#[]@!$&'()*+,;=-._~"


class Timeline(NamedTuple):
    """The whole: ``title`` is for people, ``updated`` the instant (RFC 3339) of what it was made from."""

    title: str
    address: str
    """The absolute URL of the question: ``https://host/v1/timeline?...``, or that of a track's timeline."""
    updated: str


class Entry(NamedTuple):
    """A talk, statement, proposal or event. ``earliest`` and ``latest`` are text as answers have them."""

    date: str | None
    """EDTF of level 0 or 1, or an RFC 3339 instant; None for a proposal that nobody dated."""
    earliest: str | None
    """A calendar date (``2025-12-21``), an instant in UTC (``2025-12-22T19:30:00Z``), or None if unknown."""
    latest: str | None
    kind: str
    title: str
    record: Mapping[str, Any]
    """The document, with its ``id``, ``version`` and ``recorded_at``."""
    sources: Sequence[tuple[str, str | None, str | None]] = ()
    """Title, publisher and URL of each source it cites."""
    names: Mapping[str, str] = MappingProxyType({})
    """What to call the actors in the record, by id. An actor that is missing here is called by its id."""


Write = Callable[[Timeline, Iterable[Entry]], Iterator[bytes]]


def clean(text: str) -> str:
    """The text with U+FFFD for each character that a format refuses, or a reader drops.

    Those are the characters that XML 1.0 (section 2.2) forbids or discourages and iCalendar's CONTROL
    (RFC 5545, section 3.1): controls other than tab, line breaks and U+0085, surrogates, U+FFFE and U+FFFF.
    Documents hold none of them (``schemas.fields``). One rule for all formats, so that they agree.

    >>> clean("a\\x00b")
    'a\ufffdb'
    """
    return _UNFIT.sub("\ufffd", text)


def type_of(entry: Entry) -> str | None:
    """The record's type by its kind's own field: a talk's mode, a statement's channel, an event's type."""
    field = KINDS[entry.kind].type
    return entry.record.get(field) if field else None


def record_address(timeline: Timeline, entry: Entry) -> str:
    """The absolute URL of the entry's record, by that of the timeline.

    >>> record_address(
    ...     Timeline("", "https://host/parley/v1/tracks/v1/timeline?limit=2", ""),
    ...     Entry(None, None, None, "talk", "A round", {"id": "round-1"}),
    ... )
    'https://host/parley/v1/talks/round-1'
    """
    scheme, host, path, _, _ = urlsplit(clean(timeline.address))
    root = _QUESTION.sub("", path)
    return urlunsplit((scheme, host, f"{root}/v1/{KINDS[entry.kind].plural}/{entry.record['id']}", "", ""))


def uri(address: str) -> str:
    """The address with every character percent-encoded that RFC 3986 does not let stand."""
    return quote(clean(address), safe=_URI)


def linkable(address: str | None) -> str | None:
    """The address if following it is harmless: http or https, nothing else. None otherwise."""
    return address if address and re.match(r"https?://", address, re.IGNORECASE) else None


def encoded(pieces: Iterable[str]) -> Iterator[bytes]:
    """The pieces in UTF-8: the first at once, so that a reader sees an answer begin, the others in blocks."""
    held: list[str] = []
    size, first = 0, True
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if first or size >= _BLOCK:
            yield "".join(held).encode()
            held, size, first = [], 0, False
    if held:
        yield "".join(held).encode()
