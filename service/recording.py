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
from service.diplomacy import documents, faults, names, revisions, stances
from service.diplomacy.changes import ANY, Change, admit, wanted_document
from service.diplomacy.documents import Document
from service.errors import Conflict, Fault, Invalid, Moved, NotFound
from service.storage import search, writing
from service.storage.database import writing as transaction
from service.storage.writing import Head, Known, NewRevision


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
        if kind == "actor" and (joined := names.joined(stays, was)) != stays.get("names", []):
            _write([Change(kind, into, {**stays, "names": joined}, replaces=ANY)], author, moment)
        revision = _revision(old, "merged", {"merged_into": into}, was, author, writing.head(), moment)
        writing.append([revision])
        writing.end_edges([old.revision or 0], revision.seq)
        writing.repoint(old.key, kept.key, revision.seq)
        if twice := writing.stated_twice(kept.key):
            raise Conflict(f"{into!r} would stand twice in what one statement says.", twice)
        link = documents.Edge("merged-into", duplicate, into, *documents.ALWAYS)
        writing.add_edges([writing.edge_row(revision, 0, link._asdict(), old.key, kept.key)])
        if kind in ("issue", "track") and _circular(kept.key):
            raise Conflict(f"{kind} {into!r} would be a part of itself.")
        search.forget([old.key])
        return _outcome(revision)


def _write(changes: Sequence[Change], author: str, moment: int) -> list[Outcome]:
    named = [change._replace(id=change.id or str(uuid_utils.uuid7())) for change in changes]
    store = writing.known(str(change.id) for change in named)
    head, key = writing.head(), writing.next_key()
    staged: list[_Staged] = []
    outcomes: list[Outcome] = []
    given: list[tuple[int, Document]] = []
    refused: dict[str, str] = {}
    wrong: list[list[Fault]] = [[] for _ in named]
    for index, change in enumerate(named):
        if change.id in refused:
            continue  # What it would replace is not known; the call is refused as it is.
        was = store.get(str(change.id))
        live = admit(change, was)
        loaded = None
        if change.document is not None:
            wanted = wanted_document(change, orjson.loads(live.document) if live else {})
            given.append((index, {**wanted, "id": change.id, "kind": change.kind}))
            loaded, wrong[index] = _checked(change, wanted)
            if wrong[index]:
                refused[str(change.id)] = change.kind
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
    _check_meanings(given, store, refused, wrong)
    _refuse(wrong)
    _apply(staged, store, wrong)
    _refuse(wrong)
    return outcomes


def _checked(change: Change, wanted: Document) -> tuple[Document, list[Fault]]:
    """The document as it is kept, and what is wrong with its shape, its dates and itself."""
    loaded, found = schemas.documents.check(change.kind, wanted)
    if isinstance(wanted["id"], str) and wanted["id"] != change.id:
        found.append(("/id", f"is {change.id!r} here and cannot be another"))
    own = {"id": change.id, "kind": change.kind}
    meant = {**wanted, **own}
    found += [*faults.date_faults(meant), *faults.own_faults(meant)]
    return {**loaded, **own}, faults.distinct(found)


def _check_meanings(
    given: Sequence[tuple[int, Document]],
    store: dict[str, Known],
    refused: dict[str, str],
    wrong: list[list[Fault]],
) -> None:
    """Add what is wrong with references and stances, as the store will be after all the changes.

    ``refused`` are the ids and kinds of faulty documents: to refer to one is no fault of its own.
    """
    sound = [(index, document) for index, document in given if document["kind"] in KINDS]
    named = {found.value for _, document in sound for found, _ in documents.references(document)}
    store.update(writing.known(named - store.keys()))
    labels: dict[str, Any] = {}

    def kind_of(id: str) -> str | None:
        target = _resolved(store, id)
        return target.kind if target else refused.get(id)

    def labels_of(id: str) -> Any:
        if id not in labels:
            issue = _resolved(store, id)
            fits = issue is not None and issue.kind == "issue" and id not in refused
            labels[id] = stances.scale_of(orjson.loads(issue.document)).labels if fits and issue else None
        return labels[id]

    merged = {id: into for id in named if id in store and (into := store[id].merged_into)}
    for index, document in sound:
        # Two ids may be of one record by now: what the document then says twice it may not say.
        meant = documents.renamed(document, merged)
        found = [
            *faults.own_faults(meant),
            *faults.reference_faults(document, kind_of),
            *faults.stance_faults(document, labels_of),
        ]
        wrong[index] = faults.distinct([*wrong[index], *found])


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


def _apply(staged: Sequence[_Staged], store: dict[str, Known], wrong: list[list[Fault]]) -> None:
    writing.append([item.revision for item in staged])
    writing.add_edges(row for item in staged for row in _edge_rows(item, store))
    for item in staged:
        if item.was and item.was.revision:
            writing.end_edges([item.was.revision], item.revision.seq)
    search.forget([item.revision.key for item in staged if item.was])
    last = {item.revision.key: item.loaded for item in staged}
    search.learn((key, *documents.indexed(loaded)) for key, loaded in last.items() if loaded)
    for item in staged:
        if item.loaded is None:
            _unreferred(item.revision)
        elif item.was and item.revision.kind == "issue":
            _scale_still_holds(item.revision, item.loaded)
        if item.loaded and "parent" in item.loaded and _circular(item.revision.key):
            wrong[item.number].append(Fault("/parent", "is, at some remove, a part of this record"))


def _edge_rows(item: _Staged, store: dict[str, Known]) -> Iterator[dict[str, Any]]:
    if item.loaded is None:
        return
    named = [found.value for found, _ in documents.references(item.loaded)]
    merged = {id: target.id for id in named if (target := _resolved(store, id)) and target.id != id}
    for ordinal, edge in enumerate(documents.edges(documents.renamed(item.loaded, merged))):
        tail, head = _resolved(store, edge.tail), _resolved(store, edge.head)
        if tail is None or head is None:
            continue  # A record that the same call makes and deletes: it states nothing for anyone.
        yield writing.edge_row(item.revision, ordinal, edge._asdict(), tail.key, head.key)


def _unreferred(deleted: NewRevision) -> None:
    if found := writing.referrers(deleted.key):
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


def _circular(key: int) -> bool:
    """Whether an issue or a track is, at some remove, a part of itself."""
    seen: set[int] = set()
    above: int | None = key
    while above is not None and above not in seen:
        seen.add(above)
        above = writing.parent(above)
    return above is not None


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


def _existing(known: dict[str, Known], kind: str, id: str) -> Known:
    found = known.get(id)
    if found is None or found.kind != kind:
        raise NotFound(f"There is no {kind} {id!r}.")
    if found.merged_into:
        raise Moved(found.kind, found.id, found.merged_into)
    if found.revision is None:
        raise NotFound(f"There is no {kind} {id!r}.")
    return found


def _now(head: Head) -> int:
    """Microseconds since 1970: after every earlier transaction's, even if the clock was set back."""
    return max(time.time_ns() // 1000, head.recorded_at + 1)
