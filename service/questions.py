"""The only way out: records as they are or were known to be, histories, timelines, search.

Every answer is a dict ready for ``orjson.dumps``, in which stored documents stand as they were rendered
(``orjson.Fragment``): no record is serialised again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from schemas.vocabulary import ATTRIBUTED, POSITIONS, REFERENCES, STANDING, Reference
from service.diplomacy import documents, histories, revisions, snippets, stances, timelines
from service.diplomacy.stances import Stance
from service.errors import Moved, NotFound
from service.storage import pages, positions, records, search
from service.storage.database import reading
from service.storage.knowledge import Window
from service.storage.pages import Filter

Answer = dict[str, Any]
Position = tuple[Any, ...]
"""Where a page ended: the sort key of its last entry."""

INCLUDED = ("actor", "source", "issue")
"""The kinds of record whose names a reader of an entry needs."""


class Page(NamedTuple):
    """One page of an answer; ``position`` is where the next one goes on from, None at the end."""

    items: list[Answer]
    position: Position | None
    included: Mapping[str, orjson.Fragment] | None = None


class Span(NamedTuple):
    """What part of the past is asked for: dates in seconds, ``known_at`` in microseconds since 1970."""

    since: int | None = None
    until: int | None = None
    as_of: int | None = None
    known_at: int | None = None

    @property
    def window(self) -> Window:
        return Window(self.since, self.until, self.as_of)


class Paging(NamedTuple):
    """How many entries, after which one."""

    limit: int
    after: Position | None = None


class Document(NamedTuple):
    """A record as it is or was: its bytes, and the version that its ETag names."""

    version: int
    body: bytes


def state() -> int:
    """The number of the newest revision: as long as it is the same, so is every answer."""
    return records.latest()


def record(kind: str, id: str, known_at: int | None = None) -> Document:
    """One record. Raises NotFound, or Moved if it was merged into another one."""
    with reading():
        at = _revision(known_at)
        found = records.one(id, kind, at)
        if found is None:
            raise _missing(kind, id, at)
        return Document(found.version, found.document)


def past(kind: str, id: str, paging: Paging, known_at: int | None = None) -> Page:
    """The revisions of a record, oldest first, those of a deleted or merged one too."""
    with reading():
        at = _revision(known_at)
        key, (after,) = records.key(id, kind), paging.after or (0,)
        found = records.versions(key, at, after, paging.limit + 1) if key else []
        if not found and paging.after is None:
            raise _missing(kind, id, at)
        return _page([(revisions.entry(**row._asdict()), (row.version,)) for row in found], paging)


def revision(kind: str, id: str, version: int) -> Answer:
    """One revision of a record."""
    with reading():
        key = records.key(id, kind)
        found = records.versions(key, None, version - 1, 1) if key else []
        if not found or found[0].version != version:
            raise NotFound(f"There is no version {version} of {kind} {id!r}.")
        return revisions.entry(**found[0]._asdict())


def listing(
    kind: str,
    filters: Mapping[str, Sequence[str]],
    types: Sequence[str],
    statuses: Sequence[str],
    span: Span,
    paging: Paging,
) -> Page:
    """Records of one kind. ``filters`` gives ids by the filter names of the vocabulary's references."""
    with reading():
        at = _revision(span.known_at)
        resolved = _resolved([id for ids in filters.values() for id in ids], at)
        rows = pages.page(
            (kind,),
            [_filtered(kind, name, ids, resolved) for name, ids in filters.items()],
            at=at,
            window=span.window,
            types=types,
            statuses=statuses,
            after=paging.after,
            limit=paging.limit + 1,
        )
        return _page([(orjson.Fragment(row.document), row.position) for row in rows], paging)


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
        at = _revision(span.known_at)
        resolved = _resolved([*actors, *issues, *([track] if track else [])], at)
        named = {kind: _keys(ids, (kind,), resolved) for kind, ids in (("actor", actors), ("issue", issues))}
        asked = {"actor": bool(actors), "issue": bool(issues), "track": bool(track)}
        if track:
            named["track"] = records.descendants(_required("track", track, resolved, at), at)
        filters = [_naming(kinds, kind, named[kind]) for kind in named if asked[kind]]
        rows = pages.page(
            kinds, filters, at=at, window=span.window, after=paging.after, limit=paging.limit + 1
        )
        entries = [
            (timelines.entry(row.kind, row.document, row.earliest, row.latest), row.position) for row in rows
        ]
        page = _page(entries, paging)
        shown = [row.revision for row in rows[: paging.limit]]
        included = records.named(shown, INCLUDED, at)
        return page._replace(included=_fragments(included))


def _filtered(kind: str, name: str, ids: Sequence[str], resolved: Mapping[str, records.Resolved]) -> Filter:
    named = [reference for reference in REFERENCES[kind] if reference.filter == name]
    targets = {target for reference in named for target in reference.kinds}
    return Filter(_ends((kind,), lambda reference: reference in named), _keys(ids, targets, resolved))


def _naming(kinds: Sequence[str], named: str, keys: tuple[int, ...]) -> Filter:
    return Filter(_ends(kinds, lambda reference: named in reference.kinds), keys)


def history(
    actors: Sequence[str],
    issues: Sequence[str],
    attributed: str,
    statuses: Sequence[str],
    span: Span,
    paging: Paging,
    required: tuple[str, str],
) -> Page:
    """Positions in date order, each with its change and the whole statement that is its evidence.

    ``required`` is the kind and id whose history it is: NotFound or Moved is raised if it is not there.
    """
    with reading():
        at = _revision(span.known_at)
        resolved = _resolved([*actors, *issues], at)
        _required(*required, resolved, at)
        holders, on = _keys(actors, ("actor",), resolved), _keys(issues, ("issue",), resolved)
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
        included = records.named([entry.revision for entry in shown], INCLUDED, at)
        scales = {entry.issue: stances.scale_of(orjson.loads(included[entry.issue])) for entry in shown}
        # From a later date on, a page may leave out what lies between.
        whole = "position" in relations and set(STANDING) <= set(statuses) and span.since is None

        def look_up(places: list[int]) -> dict[int, Stance]:
            asked = [shown[place] for place in places]
            found = positions.previous(asked, at=at, as_of=span.as_of)
            keys = {place: (shown[place].revision, shown[place].ordinal) for place in places}
            return {place: Stance(*found[key]) for place, key in keys.items() if key in found}

        items = [
            (histories.entry(entry, scales[entry.issue], previous), entry.position)
            for entry, previous in zip(shown, histories.before(shown, whole, look_up), strict=True)
        ]
        page = _page(items, paging, more=len(entries) > paging.limit)
        return page._replace(included=_fragments(included))


def found(text: str, kinds: Sequence[str], paging: Paging) -> Page:
    """Records that hold the words of a text, best first, with a snippet that shows where."""
    with reading():
        (offset,) = paging.after or (0,)
        hits = search.find(text, kinds, offset, paging.limit + 1)
        items = [
            (
                {
                    "id": hit.id,
                    "kind": hit.kind,
                    "label": hit.label,
                    "score": round(hit.score, 6),
                    "snippet": snippets.snippet(documents.searchable(orjson.loads(hit.document)), text),
                },
                (offset + number,),
            )
            for number, hit in enumerate(hits, start=1)
        ]
        return _page(items, paging)


def _revision(known_at: int | None) -> int | None:
    return None if known_at is None else records.revision_at(known_at)


def _resolved(ids: Iterable[str], at: int | None) -> dict[str, records.Resolved]:
    wanted = set(ids)
    return records.resolve(wanted, at) if wanted else {}


def _required(kind: str, id: str, resolved: Mapping[str, records.Resolved], at: int | None) -> int:
    found = resolved.get(id)
    if found is None or found.kind != kind or not found.exists:
        raise _missing(kind, id, at)
    return found.key


def _missing(kind: str, id: str, at: int | None) -> NotFound | Moved:
    found = records.resolve([id], at).get(id)
    if found and found.kind == kind and found.merged_into:
        return Moved(kind, id, found.merged_into)
    then = "" if at is None else " as of then"
    return NotFound(f"There is no {kind} {id!r}{then}.")


def _ends(kinds: Sequence[str], fits: Callable[[Reference], bool]) -> tuple[tuple[str, bool], ...]:
    """The edges by which records of these kinds name others, where the reference fits."""
    named = {
        (relation, reference.incoming)
        for kind in kinds
        for reference in REFERENCES[kind]
        if fits(reference)
        for relation in reference.relations
    }
    return tuple(sorted(named))


def _keys(
    ids: Sequence[str], kinds: Collection[str], resolved: Mapping[str, records.Resolved]
) -> tuple[int, ...]:
    return tuple(sorted({resolved[id].key for id in ids if id in resolved and resolved[id].kind in kinds}))


def _page(entries: Sequence[tuple[Any, Position]], paging: Paging, more: bool | None = None) -> Page:
    shown = entries[: paging.limit]
    goes_on = len(entries) > paging.limit if more is None else more
    return Page([item for item, _ in shown], shown[-1][1] if goes_on and shown else None)


def _fragments(included: Mapping[str, bytes]) -> dict[str, orjson.Fragment]:
    return {id: orjson.Fragment(document) for id, document in sorted(included.items())}
