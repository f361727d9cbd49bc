"""Timelines to write: entries of every kind, any text, and dates of every shape."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from hypothesis import strategies as st

from service import questions
from service.diplomacy import dates
from service.exports.timelines import Entry, Timeline

TIMELINE = Timeline(
    "Talks & counter-talks", "https://parley.example/v1/timeline?kind=talk", "2026-01-02T03:04:05.678901Z"
)
SOURCE = ("A paper, read", "The Publisher", "https://paper.example/a?b=1&c=2")
NAMES = {"ann": "Анна Ковальська", "bob": "Bob; the “mediator”"}
FIELDS: dict[str, dict[str, Any]] = {
    "talk": {
        "mode": "in-person",
        "status": "held",
        "participants": [{"actor": "ann", "role": "party"}, {"actor": "bob", "role": "mediator"}],
    },
    "statement": {"speaker": "ann", "text": "So be it.", "status": "attested", "channel": "speech"},
    "proposal": {"sponsors": ["bob"], "status": "tabled", "clauses": []},
    "event": {"type": "assault", "actors": [{"actor": "ann", "role": "attacker"}]},
}

# What a document never holds but a writer has to bear: any code point, surrogates and controls among them.
any_text = st.text(st.characters(exclude_categories=()), max_size=60)
hostile = st.sampled_from(
    [
        "</p><script>1</script>",
        "C:\\New\\;,",
        "\r\nEND:VEVENT\r\n",
        "]]>&amp;&#0;",
        '=1+1"',
        "\x85\u2028\ufeff",
    ]
)
texts = st.one_of(any_text, st.builds(lambda *parts: "".join(parts), any_text, hostile, any_text))


def entry(
    kind: str = "talk", date: str | None = "2025-12-21", title: str = "A round", **fields: Any
) -> Entry:
    """An entry as an answer has it."""
    earliest, latest = dates.rendered(dates.bounds(date)) if date else (None, None)
    written = {"version": 1, "recorded_at": "2026-01-02T03:04:05.678901Z"}
    record = {"id": f"a-{kind}", "kind": kind, **written, **FIELDS[kind], "title": title, **fields}
    return Entry(date, earliest, latest, kind, title, record, [SOURCE], NAMES)


def of_the_demo() -> list[Entry]:
    """The demo negotiation's timeline, as the service answers it."""
    page = questions.timeline(tuple(FIELDS), (), (), None, questions.Span(), questions.Paging(500))
    included = {id: orjson.loads(orjson.dumps(record)) for id, record in (page.included or {}).items()}
    entries = []
    for item in page.items:
        record = orjson.loads(orjson.dumps(item["record"]))
        cited = [included[citation["source"]] for citation in record["sources"]]
        entries.append(
            Entry(
                **{**item, "record": record},
                sources=[(one["title"], one.get("publisher"), one.get("url")) for one in cited],
                names={id: one["name"] for id, one in included.items() if one["kind"] == "actor"},
            )
        )
    return entries


class Dated(NamedTuple):
    """A date and what it gives: the parts of its first and its last end, and whether it names its days."""

    text: str
    first: tuple[str, ...]
    last: tuple[str, ...]
    days: bool = False


YEAR, MONTH, DAY = ("year",), ("year", "month"), ("year", "month", "day")
CLOCK = (*DAY, "hour", "minute", "second")
days = st.dates().map(str)
years = st.integers(-9999, 9999).map(lambda year: f"{'-' if year < 0 else ''}{abs(year):04d}")
doubts = st.sampled_from(["", "?", "~", "%"])


def _shaped(parts: tuple[str, ...], build: Callable[..., str], *of: st.SearchStrategy[str]) -> Any:
    return st.builds(lambda *values: Dated(build(*values), parts, parts), *of)


ends = st.one_of(
    st.builds(lambda day, doubt: Dated(day + doubt, DAY, DAY, not doubt), days, doubts),
    _shaped(MONTH, lambda day, doubt: day[:7] + doubt, days, doubts),
    _shaped(YEAR, lambda year, doubt: year + doubt, years, doubts),
)
points = st.one_of(
    ends,
    _shaped(YEAR, lambda year, season: f"{year}-{season}", years, st.sampled_from(["21", "22", "23", "24"])),
    _shaped(YEAR, lambda year, hidden: year[:-1] + "X" + hidden, years, doubts),
    _shaped(YEAR, lambda year, hidden: year[:-2] + "XX" + hidden, years, doubts),
    _shaped(YEAR, lambda year, hidden: year + hidden, years, st.sampled_from(["-XX", "-XX-XX"])),
    _shaped(MONTH, lambda day: day[:7] + "-XX", days),
    _shaped(YEAR, lambda year: f"Y{year}", st.integers(10_000, 999_999_999).map(str)),
    st.builds(lambda day: Dated(f"{day}T12:34:56", DAY, DAY, True), days),
)
instants = st.builds(
    lambda day, zone: Dated(f"{day}T12:34:56{zone}", CLOCK, CLOCK, True),
    days,
    st.sampled_from(["Z", ".5+02:00", "-11:30"]),
)
intervals = st.builds(
    lambda one, other: Dated(f"{one.text}/{other.text}", one.first, other.last, one.days and other.days),
    ends,
    ends,
)
half_known = st.builds(
    lambda end, form: Dated(form.format(end.text), end.first, end.first),
    ends,
    st.sampled_from(["/{}", "{}/", "../{}", "{}/.."]),
)


def _taken(dated: Dated) -> bool:
    try:
        dates.bounds(dated.text)
    except dates.InvalidDate:
        return False
    return "-0000" not in dated.text


all_dates = st.one_of(points, instants, intervals, half_known).filter(_taken)
"""Dates of every shape that the service takes."""


def year_of(calendar_date: str) -> int:
    """The year of a calendar date as answers have it."""
    found = re.match(r"-?\d+", calendar_date)
    assert found
    return int(found[0])
