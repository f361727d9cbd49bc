"""Whether the store is what was written: the chain, the records, the edges and the search index.

Everything is recomputed from the documents of the revisions, which the chain of hashes holds. It reads in
batches and in one read transaction: memory does not grow with the store, and writers go on meanwhile.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from schemas.vocabulary import GONE, KINDS
from service.diplomacy import documents, revisions
from service.diplomacy.documents import Document
from service.questions import checking_edges
from service.storage import auditing, search
from service.storage.auditing import COLUMNS, Kept, Row
from service.storage.database import reading


class Head(NamedTuple):
    """The end of the chain: the number of the newest revision, and its hash."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


class Finding(NamedTuple):
    """Something that is not as it was written, and where."""

    where: str
    what: str


Found = Callable[[Finding], None]
Advanced = Callable[[int], object]


def size() -> int:
    """How many steps ``check`` takes."""
    with reading():
        return auditing.size()


def check(kept: Head | None, found: Found, advanced: Advanced) -> Head:
    """Check the whole store, tell ``found`` of each finding, and give the head of the chain.

    ``kept`` is a head that was noted elsewhere: without it nobody can tell that the newest revisions were
    cut off, all that follows from them included. ``advanced`` is told how many more steps are done.
    """
    with reading():
        head, unsound = _history(kept, found, advanced)
        if kept and head.seq < kept.seq:
            cut = f"ends at revision {head.seq}, before the {kept.seq} that was noted: its tail was cut off"
            found(Finding("history", cut))
        for seq, version, id in auditing.misfiled():
            where = f"revision {seq} ({id} version {version})"
            found(Finding(where, "is filed under what the version before it was not"))
        _records(unsound, found, advanced)
    return head


def _history(kept: Head | None, found: Found, advanced: Advanced) -> tuple[Head, set[int]]:
    """Check revisions and the edges that they state: the head, and the numbers of those not to be trusted."""
    head, recorded_at, unsound, drawn_to = Head(0, revisions.GENESIS), 0, set[int](), auditing.FIRST
    for rows in auditing.revisions():
        stated = []
        for row in rows:
            wrong = [*_chained(row, head, recorded_at)]
            document = None if wrong else _parsed(row.document)
            if document is None:
                unsound.add(row.seq)
            else:
                wrong += _told(row, document)
                stated.append((row, document))
            if kept and row.seq == kept.seq and row.hash != kept.hash:
                wrong.append("is not the one whose hash was noted: the history was rewritten")
            for what in wrong:
                found(Finding(_where(row), what))
            head = Head(row.seq, row.hash)
            if isinstance(row.recorded_at, int):
                recorded_at = row.recorded_at
        _edges(stated, unsound, (drawn_to, head.seq), found)
        drawn_to = head.seq
        advanced(len(rows))
    _edges([], unsound, (drawn_to, None), found)
    return head, unsound


def _chained(row: Row, before: Head, recorded_at: int) -> Iterator[str]:
    """What is wrong with the row as the next link of the chain."""
    if row.seq > before.seq + 1:
        one = row.seq - before.seq == 2
        missing = f"revision {row.seq - 1} is" if one else f"revisions {before.seq + 1} to {row.seq - 1} are"
        yield f"{missing} missing before it"
        return
    if not all(isinstance(value, int) for value in (row.version, row.recorded_at, row.earliest, row.latest)):
        yield "holds text where a number belongs"
        return
    if row.hash != revisions.digest(before.hash, row.seq, row.action, row.recorded_by, row.document):
        yield "has not the hash of what it says and of what came before: it was edited, moved or put in"
    elif row.seq != before.seq + 1:
        yield "is numbered as no revision is"
    if row.recorded_at < recorded_at:
        yield "was recorded before the revision before it"


def _parsed(document: bytes) -> Document | None:
    try:
        value = orjson.loads(document)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _told(row: Row, document: Document) -> Iterator[str]:
    """Where the row says something else than its document, which the hash is of."""
    said: dict[str, Any] = {name: document.get(name) for name in ("id", "kind", "version", "recorded_at")}
    filed = {
        "id": row.id,
        "kind": row.kind,
        "version": row.version,
        "recorded_at": revisions.instant(row.recorded_at),
    }
    if row.action not in GONE:
        said |= zip(COLUMNS, columns(document), strict=True)
        filed |= {name: getattr(row, name) for name in COLUMNS}
    for name, value in said.items():
        if filed[name] != value:
            yield f"is filed under {name} {filed[name]!r}, its document says {value!r}"
    if row.replaced_by is not None and row.replaced_by < row.seq:
        yield f"comes after revision {row.replaced_by}, which is the version that follows it"


def columns(document: Document) -> tuple[Any, ...]:
    """What a record is filtered and sorted by: its kind, type, status, earliest and latest."""
    kind = KINDS[document["kind"]]
    type, status = (document.get(field) if field else None for field in (kind.type, kind.status))
    return document["kind"], type, status, *documents.bounds(document)


def _edges(
    stated: Sequence[tuple[Row, Document]], unsound: set[int], span: tuple[int, int | None], found: Found
) -> None:
    drawn = defaultdict(list)
    for edge in auditing.edges(*span):
        drawn[edge.revision].append(edge)
    for row, what in checking_edges.differences(stated, drawn):
        found(Finding(_where(row), what))
    for seq in drawn.keys() - {row.seq for row, _ in stated} - unsound:
        found(Finding(f"revision {seq}", f"is not there, but {len(drawn[seq])} edges are of it"))


def _records(unsound: set[int], found: Found, advanced: Advanced) -> None:
    """Check records against their newest revisions, and the search index against the records."""
    after = auditing.FIRST
    for rows in auditing.records():
        live = {row.key for row in rows if row.action is not None and row.action not in GONE}
        said: dict[int, Document] = {}
        for row in rows:
            for what in _as_of_newest(row):
                found(Finding(f"record {row.id}", what))
            if row.key in live and row.document is not None and row.newest not in unsound:
                said[row.key] = document = orjson.loads(row.document)
                if row.label != (label := documents.label(document)):
                    found(Finding(f"record {row.id}", f"is labelled {row.label!r}, should be {label!r}"))
        held = search.held(after, rows[-1].key)
        lacking = _lacking({key: document for key, document in said.items() if key in held})
        for row in rows:
            if missing := _searchable(row.key in live, row.key in held, row.key in lacking):
                found(Finding(f"record {row.id}", missing))
        held -= {row.key for row in rows}
        _strangers(held, found)
        after = rows[-1].key
        advanced(len(rows))
    _strangers(search.held(after, None), found)


def _strangers(keys: set[int], found: Found) -> None:
    for key in sorted(keys):
        found(Finding("search index", f"holds words under {key}, which is no record's key"))


def _as_of_newest(row: Kept) -> Iterator[str]:
    if row.newest is None or row.first is None or row.version is None:
        yield "has no revision"
        return
    if row.many != row.version - row.first + 1:
        yield f"has {row.many} versions, though they are numbered {row.first} to {row.version}"
    for name, kept, newest in row.columns:
        if kept != newest:
            yield f"has {name} {kept!r}, its newest revision {newest!r}"
    current = None if row.action in GONE else row.newest
    if row.revision != current:
        is_, should = (f"revision {seq}" if seq else "gone" for seq in (row.revision, current))
        yield f"is {is_}, should be {should}"


def _lacking(said: dict[int, Document]) -> set[int]:
    lacking = search.lacking((key, *documents.indexed(document)) for key, document in said.items())
    # What was written before names were folded is indexed as it stands, and found by that.
    return search.lacking(
        (key, *documents.searchable(said[key]), said[key]["kind"]) for key in sorted(lacking)
    )


def _searchable(live: bool, held: bool, lacking: bool) -> str | None:
    """What is wrong with a record in the search index."""
    if live and not held:
        return "is not in the search index"
    if held and not live:
        return "is in the search index, but not live"
    return "is in the search index under other words than its own" if lacking else None


def _where(row: Row) -> str:
    return f"revision {row.seq} ({row.kind} {row.id or '?'} version {row.version})"
