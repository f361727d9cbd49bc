"""A timeline as iCalendar (RFC 5545), to subscribe to. Media type ``text/calendar; charset=utf-8``.

A date that is not a day is no appointment, and a calendar draws nothing but appointments. So:

- a day, and an interval from one day to another, is an all-day VEVENT (``DTEND`` is the day after, as section
  3.6.1 has it); so is a time whose zone is not given, since a floating time would be in the reader's own;
- an instant is a VEVENT in UTC that takes no time (no ``DTEND``);
- all else is a VJOURNAL without DTSTART, "descriptive text notes" (section 3.6.3): a month, year or season, a
  date that is approximate, uncertain or unspecified in part, an interval without a known or exact end, no
  date at all, or a year beyond 0001-9999, which DATE cannot hold.

Readers with journals or notes (Evolution, KOrganizer, jtx Board) show those. Google, Apple and Outlook show
VEVENT alone and pass over the rest: they miss what cannot be placed, and never see it on a day that nobody
gave. A VEVENT or a DTSTART at a guessed day would be read as fact.

X-PARLEY-DATE is the date as recorded (EDTF), DESCRIPTION has it in words. No event is busy time (TRANSP), and
none names attendees, since actors have no addresses. Of a talk, STATUS is CONFIRMED (held, scheduled),
TENTATIVE (proposed, or postponed: whether its date is the old one or the new is not known) or CANCELLED; a
VJOURNAL has none, where CANCELLED would mean that the note is withdrawn (section 3.8.1.11).

Written by hand: the ``icalendar`` library (7.3) takes a backslash and an N in a text for a line break, takes
half a second to load, and is slower by far. The tests read with it what is written here.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from service.exports import partial_dates, timeline_texts
from service.exports.timelines import Entry, Timeline, clean, encoded, record_address, type_of, uri

_STATUSES = {
    "held": "CONFIRMED",
    "scheduled": "CONFIRMED",
    "proposed": "TENTATIVE",
    "postponed": "TENTATIVE",
    "cancelled": "CANCELLED",
}
_WIDTH = 75  # octets in a line at most, without its break (section 3.1)
_LAST_DAY = date.max - timedelta(days=1)  # of which there is a day after
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_NOTHING = (
    # A calendar holds at least one component (section 3.6). A time zone is one that nobody sees.
    "BEGIN:VTIMEZONE\r\nTZID:Etc/UTC\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def write(timeline: Timeline, entries: Iterable[Entry]) -> Iterator[bytes]:
    """The timeline as one VCALENDAR: a VEVENT for each entry that has its day, a VJOURNAL for each other.

    A reader gets every text back but for line breaks, which all come back as LF, and what `clean` replaces.
    """
    return encoded(_pieces(timeline, entries))


def _pieces(timeline: Timeline, entries: Iterable[Entry]) -> Iterator[str]:
    title = _text(timeline.title)
    head = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Parley//Timeline//EN",
        f"NAME:{title}",  # this, URL and LAST-MODIFIED are RFC 7986's
        f"X-WR-CALNAME:{title}",  # what most readers know in place of NAME
        f"LAST-MODIFIED:{_stamp(timeline.updated)}",
        f"URL:{uri(timeline.address)}",
    )
    yield "".join(map(_folded, head))
    empty = True
    for entry in entries:
        yield "".join(map(_folded, _component(timeline, entry)))
        empty = False
    yield f"{_NOTHING if empty else ''}END:VCALENDAR\r\n"


def _component(timeline: Timeline, entry: Entry) -> Iterator[str]:
    when = _when(entry)
    name = "VEVENT" if when else "VJOURNAL"
    record = entry.record
    yield f"BEGIN:{name}"
    yield f"UID:{record['id']}@parley"
    # Without a METHOD, DTSTAMP is when the component was last revised (section 3.8.7.2).
    yield f"DTSTAMP:{_stamp(record['recorded_at'])}"
    yield f"SEQUENCE:{record['version'] - 1}"
    yield from when
    if entry.date:
        yield f"X-PARLEY-DATE:{_text(entry.date)}"
    yield f"SUMMARY:{_text(timeline_texts.headline(entry))}"
    yield f"DESCRIPTION:{_text(timeline_texts.plain(entry))}"
    categories = (entry.kind, type_of(entry), *record.get("tags", ()))
    yield f"CATEGORIES:{','.join(_text(category) for category in categories if category)}"
    yield f"URL:{uri(record_address(timeline, entry))}"
    if when:
        yield from _of_an_event(entry)
    yield f"END:{name}"


def _of_an_event(entry: Entry) -> Iterator[str]:
    """What an event may have, and a journal entry not."""
    yield "TRANSP:TRANSPARENT"
    if entry.kind == "talk":
        yield f"STATUS:{_STATUSES[entry.record['status']]}"
    if place := entry.record.get("place"):
        yield f"LOCATION:{_text(place['name'])}"
        if "lat" in place and "lon" in place:
            yield f"GEO:{place['lat']:.6f};{place['lon']:.6f}"


def _when(entry: Entry) -> list[str]:
    """DTSTART, and DTEND of whole days; nothing if the date is neither days nor an instant."""
    when = partial_dates.read(entry.date, entry.earliest)
    found = partial_dates.days(when) if when else None
    if not when or not found:
        return []
    first, last = found
    if when.zoned:
        return [f"DTSTART:{_basic(first)}T{when.time.replace(':', '')}Z"]
    if last > _LAST_DAY:
        return []
    return [f"DTSTART;VALUE=DATE:{_basic(first)}", f"DTEND;VALUE=DATE:{_basic(last + timedelta(days=1))}"]


def _basic(day: date) -> str:
    return day.isoformat().replace("-", "")


def _stamp(instant: str) -> str:
    """An instant in UTC of whole seconds, in the basic format."""
    return f"{instant[:19].replace('-', '').replace(':', '')}Z"


def _text(text: str) -> str:
    """A value of type TEXT (section 3.3.11)."""
    return clean(text).replace("\r\n", "\n").replace("\r", "\n").translate(_ESCAPES)


def _folded(line: str) -> str:
    """The content line, folded between characters (section 3.1), and its end.

    An escape is not parted either: some readers unescape before they unfold.
    """
    octets = line.encode()
    if len(octets) <= _WIDTH:
        return f"{line}\r\n"
    parts: list[bytes] = []
    start = 0
    while len(octets) - start > _WIDTH - bool(parts):  # the space that a folded line begins with counts
        end = start + _WIDTH - bool(parts)
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        backslashes = end - start - len(octets[start:end].rstrip(b"\\"))
        end -= backslashes % 2
        parts.append(octets[start:end])
        start = end
    return b"\r\n ".join([*parts, octets[start:]]).decode() + "\r\n"
