"""The formats that timelines are written in, by the name that ``format=`` takes.

Media types are those registered with IANA. TimelineJS has none, and ``application/json`` is the timeline as
the service itself tells it: it has one of the vendor tree, with the suffix that says it is JSON (RFC 6838,
sections 3.2, 4.2.8).
"""

from service.exports import atom, feeds, ical, timeline_csv, timelinejs
from service.exports.files import Format
from service.exports.timelines import Write

FORMATS: dict[str, Format[Write]] = {
    "ics": Format(
        "text/calendar", "ics", "iCalendar, to subscribe to; only what has its day is an event.", ical.write
    ),
    "atom": Format(feeds.MEDIA_TYPE, "atom", "An Atom feed: feed readers.", atom.write),
    "csv": Format("text/csv", "csv", "CSV, a row an entry: spreadsheets, pandas, R.", timeline_csv.write),
    "timelinejs": Format(
        "application/vnd.timelinejs+json",
        "json",
        "TimelineJS; what has no date is left out, and counted.",
        timelinejs.write,
    ),
}
"""What to call it, the file's extension without its dot, a line about it, and its writer."""
