"""The only way in: record, amend, delete and merge. One transaction each, all of it or nothing.

What is written is checked against the vocabulary, the dates, the records it refers to and the scales of
the issues it takes a stance on; then it is rendered once, to the bytes that are kept, served and exported.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson
import uuid_utils

import schemas.documents
from schemas.vocabulary import KINDS
from service.diplomacy import documents, faults, revisions, stances
from service.diplomacy.changes import ANY, Change, admit
from service.diplomacy.documents import Document
from service.errors import Conflict, Fault, Invalid, Moved, NotFound
from service.storage import search, writing
from service.storage.database import writing as transaction
from service.storage.writing import Head, Known, NewRevision

REFERRERS_NAMED = 10


class Outcome(NamedTuple):
    """What a change left behind; ``action`` is one of the vocabulary's, or ``unchanged``."""

    id: str
    kind: str
    version: int
    action: str
    document: bytes


class _Staged(NamedTuple):
    """A change that has been let in, what it replaces, and the revision that it becomes."""

    number: int
    loaded: Document | None
    was: Known | None
    revision: NewRevision


def write(changes: Sequence[Change], author: str) -> list[Outcome]:
    """Carry out the changes in order, in one transaction, and say what became of each.

    Documents may refer to others of the same call, earlier or later. Raises Invalid with every fault of
    every document (pointers start with ``/{index}`` where there are several), NotFound, Moved, Conflict,
    PreconditionRequired, PreconditionFailed or StoreUnavailable; then nothing was written.
    """
    with transaction():
        return _write(changes, author, _now(writing.head()))


def merge(kind: str, duplicate: str, into: str, author: str) -> Outcome:
    """Make one record of two: what refers to ``duplicate`` refers to ``into`` from now on.

    Names that an actor was also known by go over to the one that stays. Raises NotFound, Moved, or Conflict
    where the two cannot be one.
    """
    with transaction():
        known = writing.known((duplicate, into))
        old, kept = _existing(known, kind, duplicate), _existing(known, kind, into)
        if old.key == kept.key:
            raise Conflict(f"{kind} {into!r} cannot be merged into itself.")
        was, stays = orjson.loads(old.document), orjson.loads(kept.document)
        if kind == "issue" and stances.scale_of(was) != stances.scale_of(stays):
            raise Conflict(
                f"{duplicate!r} and {into!r} have different scales: stances would change their meaning."
            )
        moment = _now(writing.head())
        if kind == "actor" and (names := revisions.joined_names(stays, was)) != stays.get("names", []):
            _write([Change(kind, into, {**stays, "names": names}, replaces=ANY)], author, moment)
        revision = _revision(old, "merged", {"merged_into": into}, was, author, writing.head(), moment)
        writing.append([revision])
        writing.end_edges([_current(old)], revision.seq)
        writing.repoint(old.key, kept.key, revision.seq)
        link = documents.Edge("merged-into", duplicate, into, *documents.ALWAYS)
        writing.add_edges([_edge_row(0, link, revision, old.key, kept.key)])
        _no_circles([kept])
        search.forget([old.key])
        return _outcome(revision)


def _write(changes: Sequence[Change], author: str, moment: int) -> list[Outcome]:
    named = [change._replace(id=change.id or str(uuid_utils.uuid7())) for change in changes]
    store = writing.known(str(change.id) for change in named)
    head, key = writing.head(), writing.next_key()
    staged: list[_Staged] = []
    outcomes: list[Outcome] = []
    wrong: list[list[Fault]] = [[] for _ in named]
    for index, change in enumerate(named):
        was = store.get(str(change.id))
        live = admit(change, was)
        loaded = None
        if change.document is not None:
            wanted = (
                revisions.merge_patch(orjson.loads(live.document), change.document)
                if change.patch and live
                else change.document
            )
            loaded, wrong[index] = _checked(change, wanted)
            if wrong[index]:
                continue
            if change.unless_same and live:
                if revisions.content(loaded) != revisions.content(orjson.loads(live.document)):
                    raise Conflict(f"{live.kind} {live.id!r} exists and says something else.")
                outcomes.append(Outcome(live.id, live.kind, live.version, "unchanged", live.document))
                continue
        action = "deleted" if loaded is None else "amended" if live else "created"
        record = was or Known(key, str(change.id), change.kind, None, None, 0, b"")
        key += was is None
        revision = _revision(record, action, loaded or {}, loaded, author, head, moment)
        head = Head(revision.seq, revision.hash, moment)
        staged.append(_Staged(index, loaded, live, revision))
        outcomes.append(_outcome(revision))
        store[record.id] = record._replace(
            revision=revision.seq if loaded else None, version=revision.version, document=revision.document
        )
    _check_meanings(staged, store, wrong)
    _refuse(wrong)
    _apply(staged, store)
    return outcomes


def _checked(change: Change, wanted: Document) -> tuple[Document, list[Fault]]:
    """The document as it is kept, and what is wrong with its shape, its dates and itself."""
    loaded, found = schemas.documents.check(change.kind, wanted)
    own = {"id": change.id, "kind": change.kind}
    for name, value in own.items():
        if wanted.get(name, value) != value and not any(pointer == f"/{name}" for pointer, _ in found):
            found.append((f"/{name}", f"is {value!r} here and cannot be another"))
    found += faults.date_faults({**wanted, **own})
    loaded = {**loaded, **own}
    return loaded, [Fault(*fault) for fault in found or faults.own_faults(loaded)]


def _check_meanings(staged: Sequence[_Staged], store: dict[str, Known], wrong: list[list[Fault]]) -> None:
    """Add what is wrong with references and stances, as the store will be after all the changes."""
    loaded = [(wrong[item.number], item.loaded) for item in staged if item.loaded is not None]
    named = {found.value for _, document in loaded for found, _ in documents.references(document)}
    store.update(writing.known(named - store.keys()))
    labels: dict[str, Any] = {}

    def kind_of(id: str) -> str | None:
        target = _resolved(store, id)
        return target.kind if target else None

    def labels_of(id: str) -> Any:
        if id not in labels:
            issue = _resolved(store, id)
            fits = issue is not None and issue.kind == "issue"
            labels[id] = stances.scale_of(orjson.loads(issue.document)).labels if fits and issue else None
        return labels[id]

    for found, document in loaded:
        found += [Fault(*fault) for fault in faults.reference_faults(document, kind_of)]
        found += [Fault(*fault) for fault in faults.stance_faults(document, labels_of)]


def _resolved(store: dict[str, Known], id: str) -> Known | None:
    found = store.get(id)
    if found and found.merged_into:
        if found.merged_into not in store:
            store.update(writing.known([found.merged_into]))
        found = store[found.merged_into]
    return found if found and found.revision is not None else None


def _refuse(wrong: list[list[Fault]]) -> None:
    placed = [
        Fault(f"/{index}{fault.place}" if len(wrong) > 1 else fault.place, fault.detail)
        for index, some in enumerate(wrong)
        for fault in some
    ]
    if placed:
        places = "place" if len(placed) == 1 else "places"
        raise Invalid(f"The document is not valid in {len(placed)} {places}.", placed)


def _apply(staged: Sequence[_Staged], store: dict[str, Known]) -> None:
    writing.append([item.revision for item in staged])
    writing.add_edges(row for item in staged for row in _edge_rows(item, store))
    for item in staged:
        if item.was:
            writing.end_edges([_current(item.was)], item.revision.seq)
    search.forget([item.revision.key for item in staged if item.was])
    last = {item.revision.key: item.loaded for item in staged}
    search.learn((key, *documents.searchable(loaded)) for key, loaded in last.items() if loaded)
    for item in staged:
        if item.loaded is None:
            _unreferred(item.revision)
        elif item.was and item.revision.kind == "issue":
            _scale_still_holds(item.revision, item.loaded)
    _no_circles([store[item.revision.id] for item in staged if item.loaded and item.loaded.get("parent")])


def _edge_rows(item: _Staged, store: dict[str, Known]) -> Iterator[dict[str, Any]]:
    for ordinal, edge in enumerate(documents.edges(item.loaded) if item.loaded else ()):
        tail, head = _resolved(store, edge.tail), _resolved(store, edge.head)
        if tail is None or head is None:
            continue  # Ended by a later change of the same call; its own edges are replaced there.
        yield _edge_row(ordinal, edge, item.revision, tail.key, head.key)


def _edge_row(
    ordinal: int, edge: documents.Edge, stated_by: NewRevision, tail: int, head: int
) -> dict[str, Any]:
    return {
        "revision": stated_by.seq,
        "ordinal": ordinal,
        "since": stated_by.seq,
        "until": None,
        "record": stated_by.key,
        **edge._asdict(),
        "tail": tail,
        "head": head,
        "attributes": orjson.dumps(edge.attributes).decode() if edge.attributes else None,
    }


def _unreferred(deleted: NewRevision) -> None:
    if found := writing.referrers(deleted.key, REFERRERS_NAMED):
        raise Conflict(f"{deleted.kind} {deleted.id!r} is referred to and cannot be deleted.", found)


def _scale_still_holds(amended: NewRevision, loaded: Document) -> None:
    labels = stances.scale_of(loaded).labels
    lost = {stance: id for stance, id in writing.stances_on(amended.key).items() if stance not in labels}
    if lost:
        values = ", ".join(map(str, sorted(lost)))
        raise Conflict(
            f"The scale of issue {amended.id!r} must keep the stances that are taken on it: {values}.",
            [{"id": id, "stance": str(stance)} for stance, id in sorted(lost.items())],
        )


def _no_circles(changed: Sequence[Known]) -> None:
    """Refuse a parent that is, at some remove, the record's own child."""
    for record in changed:
        seen, above = {record.key}, writing.parent(record.key)
        while above is not None:
            if above in seen:
                detail = f"{record.kind} {record.id!r} would be a part of itself."
                raise Invalid(detail, [Fault("/parent", "must not be a part of this record")])
            seen.add(above)
            above = writing.parent(above)


def _revision(
    record: Known, action: str, body: Document, loaded: Document | None, author: str, head: Head, moment: int
) -> NewRevision:
    """The next revision of a record. ``loaded`` is what its columns tell of; None: what it last was."""
    kind = KINDS[record.kind]
    told = loaded if loaded is not None else orjson.loads(record.document)
    seq, version = head.seq + 1, record.version + 1
    document = revisions.render(record.id, record.kind, version, moment, body)
    return NewRevision(
        seq=seq,
        key=record.key,
        id=record.id,
        version=version,
        action=action,
        kind=record.kind,
        type=told.get(kind.type) if kind.type else None,
        status=told.get(kind.status) if kind.status else None,
        label=documents.label(told),
        **documents.bounds(told)._asdict(),
        document=document,
        recorded_by=author,
        recorded_at=moment,
        hash=revisions.digest(head.hash, seq, action, author, document),
    )


def _outcome(revision: NewRevision) -> Outcome:
    return Outcome(revision.id, revision.kind, revision.version, revision.action, revision.document)


def _current(record: Known) -> int:
    if record.revision is None:
        raise NotFound(f"There is no {record.kind} {record.id!r}.")
    return record.revision


def _existing(known: dict[str, Known], kind: str, id: str) -> Known:
    found = known.get(id)
    if found and found.merged_into:
        raise Moved(found.kind, found.id, found.merged_into)
    if found is None or found.kind != kind or found.revision is None:
        raise NotFound(f"There is no {kind} {id!r}.")
    return found


def _now(head: Head) -> int:
    """Microseconds since 1970: after every earlier transaction's, even if the clock was set back."""
    return max(time.time_ns() // 1000, head.recorded_at + 1)
