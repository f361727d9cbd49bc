"""The two stories: where actors stand and how that moved, and what happened in the talks."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from schemas.vocabulary import ATTRIBUTED, POSITIONS, STANDING
from service.diplomacy import documents, histories, revisions, stances, timelines
from service.diplomacy.documents import Document
from service.diplomacy.histories import Issue
from service.diplomacy.stances import Stance
from service.exports.timelines import Entry, Timeline, Write
from service.questions.asking import (
    INCLUDED,
    Answer,
    Page,
    Paging,
    Span,
    as_asked,
    ends,
    fragments,
    keys_of,
    page_of,
    required,
    resolved_ids,
    revision_at,
    state,
)
from service.storage import mentioned, pages, positions, records
from service.storage.database import reading
from service.storage.mentioned import Named
from service.storage.pages import Filter, Row

TITLE = "Parley"
KNOWN = 1_000
"""So many issues, of some 2 KB each with their documents, are kept."""
BATCH = 500
"""Entries that are read at a time, and in memory together, while a file is written."""


@lru_cache(KNOWN)
def _issue(document: bytes) -> Issue:
    """An issue, read from its document: there are few, on many pages."""
    issue = orjson.loads(document)
    return Issue(issue["id"], stances.scale_of(issue))


def timeline(
    kinds: Sequence[str],
    actors: Sequence[str],
    issues: Sequence[str],
    track: str | None,
    span: Span,
    paging: Paging,
) -> Page:
    """Talks, statements, proposals and events in date order, each with its record and the sources it cites.

    A track's timeline includes its sub-tracks. Raises NotFound or Moved if there is no such track.
    """
    with reading():
        at = revision_at(span.known_at)
        filters = _narrowed(kinds, actors, issues, track, at)
        rows = pages.page(
            kinds, filters, at=at, window=span.window, after=paging.after, limit=paging.limit + 1
        )
        shown = rows[: paging.limit]
        read = [orjson.loads(row.document) for row in shown]
        entries = [
            (timelines.entry(record, row.document, row.earliest, row.latest), row.position)
            for row, record in zip(shown, read, strict=True)
        ]
        page = page_of(entries, paging, more=len(rows) > paging.limit)
        return page._replace(included=fragments(mentioned.records(documents.named(read, INCLUDED), at)))


def told(
    kinds: Sequence[str],
    actors: Sequence[str],
    issues: Sequence[str],
    track: str | None,
    span: Span,
    limit: int | None,
    address: str,
) -> Callable[[Write], Iterator[bytes]]:
    """The same timeline whole, or its first ``limit`` entries, to be written in a format.

    ``address`` is its absolute URL. Raises NotFound or Moved if there is no such track. What is returned
    reads the store as it writes, as it was when this was asked, and holds no more of it than ``BATCH``
    entries.
    """
    with reading():
        at, then = revision_at(span.known_at), state()
        filters = _narrowed(kinds, actors, issues, track, at)

    def write(writer: Write) -> Iterator[bytes]:
        with reading():
            still = as_asked(at, then)
            updated = revisions.instant(records.recorded_at(still))
            entries = _entries(kinds, filters, span, still, sys.maxsize if limit is None else limit)
            yield from writer(Timeline(_title(track, still), address, updated), entries)

    return write


def _title(track: str | None, at: int | None) -> str:
    found = records.one(track, "track", at) if track else None
    return documents.label(orjson.loads(found.document)) if found else TITLE


def _entries(
    kinds: Sequence[str], filters: Sequence[Filter], span: Span, at: int | None, limit: int
) -> Iterator[Entry]:
    after = None
    while limit > 0:
        many = min(limit, BATCH)
        rows = pages.page(kinds, filters, at=at, window=span.window, after=after, limit=many)
        # By a function, which forgets what it held before the next are read.
        yield from _told(rows, at)
        if len(rows) < many:
            return
        after, limit = rows[-1].position, limit - many
        del rows


def _told(rows: Sequence[Row], at: int | None) -> Iterator[Entry]:
    read = [orjson.loads(row.document) for row in rows]
    included = mentioned.records(documents.named(read, INCLUDED), at)
    named = {id: orjson.loads(one.document) for id, one in included.items()}
    names = {id: one["name"] for id, one in named.items() if one["kind"] == "actor"}
    for row, record in zip(rows, read, strict=True):
        yield _entry(row, record, named, names)


def _entry(
    row: Row, record: Document, named: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
) -> Entry:
    cited = [named[one["source"]] for one in record["sources"]]
    sources = [(source["title"], source.get("publisher"), source.get("url")) for source in cited]
    # As JSON has it, so that no format dates or titles an entry in another way.
    said = timelines.entry(record, row.document, row.earliest, row.latest)
    return Entry(**{**said, "record": record}, sources=sources, names=names)


def _narrowed(
    kinds: Sequence[str], actors: Sequence[str], issues: Sequence[str], track: str | None, at: int | None
) -> list[Filter]:
    resolved = resolved_ids([*actors, *issues, *([track] if track else [])], at)
    named = {kind: keys_of(ids, (kind,), resolved) for kind, ids in (("actor", actors), ("issue", issues))}
    asked = {"actor": bool(actors), "issue": bool(issues), "track": bool(track)}
    if track:
        named["track"] = records.descendants(required("track", track, resolved, at), at)
    return [_naming(kinds, kind, named[kind]) for kind in named if asked[kind]]


def _naming(kinds: Sequence[str], named: str, keys: tuple[int, ...]) -> Filter:
    return Filter(ends(kinds, lambda reference: named in reference.kinds), keys)


def history(
    actors: Sequence[str],
    issues: Sequence[str],
    attributed: str,
    statuses: Sequence[str],
    span: Span,
    paging: Paging,
    whose: tuple[str, str],
) -> Page:
    """Positions in date order, each with its change and the whole statement that is its evidence.

    ``whose`` is the kind and id whose history it is: NotFound or Moved is raised if it is not there.
    """
    with reading():
        at = revision_at(span.known_at)
        resolved = resolved_ids([*actors, *issues], at)
        required(*whose, resolved, at)
        holders, on = keys_of(actors, ("actor",), resolved), keys_of(issues, ("issue",), resolved)
        if bool(actors) > bool(holders) or bool(issues) > bool(on):
            return Page([], None, {})
        relations = dict(zip(ATTRIBUTED, (POSITIONS[:1], POSITIONS, POSITIONS[1:]), strict=True))[attributed]
        entries = positions.history(
            relations,
            holders,
            on,
            statuses,
            at=at,
            window=span.window,
            after=paging.after,
            limit=paging.limit + 1,
        )
        shown = entries[: paging.limit]
        read = [orjson.loads(entry.document) for entry in shown]
        included = mentioned.records(documents.named(read, INCLUDED), at)
        # From a later date on, a page may leave out what lies between.
        whole = "position" in relations and set(STANDING) <= set(statuses) and span.since is None

        def look_up(places: list[int]) -> dict[int, Stance]:
            if whole and paging.after is None:
                return {}  # There is nothing before the first page.
            asked = [shown[place] for place in places]
            found = positions.previous(asked, at=at, as_of=span.as_of)
            keys = {place: (shown[place].revision, shown[place].ordinal) for place in places}
            return {place: Stance(*found[key]) for place, key in keys.items() if key in found}

        before = histories.before(shown, whole, look_up)
        items = [
            (_stood(entry, record, included, previous), entry.position)
            for entry, record, previous in zip(shown, read, before, strict=True)
        ]
        page = page_of(items, paging, more=len(entries) > paging.limit)
        return page._replace(included=fragments(included))


def _stood(
    entry: positions.Entry, statement: Document, included: Mapping[str, Named], previous: Stance | None
) -> Answer:
    position = statement["positions"][entry.place]
    holder = included[position.get("holder", statement["speaker"])].id
    return histories.entry(entry, statement, holder, _issue(included[position["issue"]].document), previous)
