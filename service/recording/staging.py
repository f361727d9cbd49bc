"""The first time over: what may be written is let in, and becomes a revision."""

import re
from collections import deque
from collections.abc import Iterator, Sequence

import orjson
import uuid_utils

import schemas.documents
from schemas.vocabulary import GONE, ID_PATTERN, KINDS
from service.diplomacy import faults, revisions
from service.diplomacy.changes import Change, admit, wanted_document
from service.diplomacy.documents import Document
from service.errors import Conflict, Fault, Moved, ParleyError
from service.recording import stating
from service.recording.run import Entry, Outcome, Run, Staged, outcome, revision
from service.recording.stating import Making
from service.storage import writing
from service.storage.writing import Head, Known, NewRevision

REVISIONS_AT_ONCE = 1_000

Store = dict[str, Known]
"""What the store holds by now under the ids of a batch."""


def ready(entry: Entry) -> Entry:
    """The entry, its document checked and as it is to be kept if that takes no store and it is sound."""
    entry = _named(entry)
    change = entry.change
    if change is None or change.document is None or change.patch or "merged_into" in change.document:
        return entry
    loaded, found = _checked(change, wanted_document(change, {}))
    return entry if found else entry._replace(change=change._replace(document=loaded), checked=True)


def stage(run: Run, entries: Sequence[Entry]) -> tuple[list[Staged], Store]:
    """Append a revision for each entry that can be let in; and what the store then holds under their ids."""
    # Under an id that is made here there is nothing yet.
    store = writing.known(entry.change.id for entry in entries if entry.change and entry.change.id)
    entries = [_named(entry) for entry in entries]
    staged: list[Staged] = []
    made: list[NewRevision] = []
    for entry in entries:
        number, change, found = entry[:3]
        run.count += 1
        left: Outcome | None = None
        try:
            if entry.left_out:
                pass
            elif found:
                run.refused.add(number, found)
            elif change is not None and (run.partial or change.id not in run.refused.ids):
                # Where the id is refused already it is not known what this replaces, and the call is refused.
                left = _let_in(run, number, change, entry.checked, store, staged, made)
        except ParleyError as error:
            run.refused.add_error(number, error)
            run.refused.ids[str(change and change.id)] = change.kind if change else ""
        run.told(entry, left)
    writing.append(made)
    return staged, store


def _named(entry: Entry) -> Entry:
    if entry.change is None or entry.change.id:
        return entry
    return Entry(entry.number, entry.change._replace(id=str(uuid_utils.uuid7())), *entry[2:])


def _let_in(
    run: Run,
    number: int,
    change: Change,
    checked: bool,
    store: Store,
    staged: list[Staged],
    made: list[NewRevision],
) -> Outcome | None:
    """What becomes of one change; None where it is refused, which ``run`` then knows."""
    id = str(change.id)
    was = store.get(id)
    if change.document and "merged_into" in change.document and (change.stamp or (was and was.merged_into)):
        return _stub(run, number, change, was, store, staged, made)
    if stub := run.stubs.get(id):  # Of what an earlier line merged, the edge is not there yet.
        raise Moved(stub.kind, id, stub.document["merged_into"])
    live = admit(change, was)
    loaded = None
    found: list[Fault] = []
    if change.document is not None:
        if checked:
            loaded = wanted = change.document
        else:
            wanted = wanted_document(change, orjson.loads(live.document) if live else {})
            loaded, found = _checked(change, wanted)
        if found or (found := _out_of_time(run, change)):
            run.refused.add(number, found)
            run.refused.keep(number, id, {**wanted, "id": id, "kind": change.kind})
            return None
        if change.unless_same and live:
            if revisions.content(loaded) == revisions.content(orjson.loads(live.document)):
                return Outcome(live.id, live.kind, live.version, "unchanged", live.document)
            if change.replaces is None:
                raise Conflict(f"{live.kind} {live.id!r} exists and says something else.")
    action = "deleted" if loaded is None else "amended" if live else "created"
    return _append(run, number, change, was, action, loaded or {}, loaded, store, staged, made)


def _stub(
    run: Run,
    number: int,
    change: Change,
    was: Known | None,
    store: Store,
    staged: list[Staged],
    made: list[NewRevision],
) -> Outcome | None:
    """A merged record, restored; or passed over, where the store knows of the merge."""
    document, into = change.document or {}, (change.document or {})["merged_into"]
    if (
        was
        and was.kind == change.kind
        and revisions.content(orjson.loads(was.document)) == {"merged_into": into}
    ):
        return Outcome(was.id, was.kind, was.version, "unchanged", was.document)
    ids = ("/id", change.id), ("/merged_into", into)
    found = [
        Fault(place, "must be the id of a record")
        for place, id in ids
        if not (isinstance(id, str) and re.fullmatch(ID_PATTERN, id, re.ASCII))
    ]
    extra = revisions.content(document).keys() - {"merged_into"}
    found += [Fault(f"/{name}", "is not a field of a merged record") for name in sorted(extra)]
    if was:
        raise Conflict(f"{change.id!r} is the id of a record that was not merged into {into!r}.")
    if found := found or _out_of_time(run, change):
        run.refused.add(number, found)
        return None
    told = {"kind": change.kind, KINDS[change.kind].label: str(change.id)}
    return _append(run, number, change, was, "merged", {"merged_into": into}, told, store, staged, made)


def _append(
    run: Run,
    number: int,
    change: Change,
    was: Known | None,
    action: str,
    body: Document,
    loaded: Document | None,
    store: Store,
    staged: list[Staged],
    made: list[NewRevision],
) -> Outcome:
    record = was or Known(run.key, str(change.id), change.kind, None, None, 0, b"")
    run.key += was is None
    version, moment = change.stamp or (None, run.moment)
    new = revision(record, action, body, loaded, run.author, run.head, moment, version)
    run.head = Head(new.seq, new.hash, moment)
    run.numbers.append(number)
    made.append(new)
    item = Staged(number, new.seq, new.key, new.id, new.kind, action, record.revision, body)
    staged.append(item)
    if action == "merged":
        run.stubs[new.id] = item
    current = None if action in ("deleted", "merged") else new.seq
    merged_into = record.merged_into
    store[new.id] = Known(new.key, new.id, new.kind, current, merged_into, new.version, new.document)
    return outcome(new)


def _checked(change: Change, wanted: Document) -> tuple[Document, list[Fault]]:
    """The document as it is kept, and what is wrong with its shape, its dates and itself."""
    loaded, found = schemas.documents.check(change.kind, wanted)
    if isinstance(wanted["id"], str) and wanted["id"] != change.id:
        found.append(("/id", f"is {change.id!r} here and cannot be another"))
    own = {"id": change.id, "kind": change.kind}
    meant = {**wanted, **own}
    found += [*faults.date_faults(meant), *faults.own_faults(meant)]
    return {**loaded, **own}, faults.distinct(found)


def _out_of_time(run: Run, change: Change) -> list[Fault]:
    """What is wrong with when a restored record was recorded: ``known_at`` counts on their order."""
    if change.stamp is None:
        return []
    if change.stamp.recorded_at < run.head.recorded_at:
        return [
            Fault("/recorded_at", "lies before that of a line before: they come in the order of recording")
        ]
    if change.stamp.recorded_at > run.moment:
        return [Fault("/recorded_at", "lies in the future")]
    return []


def read_back(run: Run, making: Making) -> Iterator[list[Staged]]:
    """All revisions of the call again, in order, with what follows from their documents."""
    read: deque[list[writing.Appended]] = deque()

    def kept() -> Iterator[list[bytes]]:
        at = run.start
        while rows := writing.appended(at, REVISIONS_AT_ONCE):
            at = rows[-1].seq
            read.append(rows)
            yield [b"" if row.action in GONE else row.document for row in rows]

    for made in making(stating.read, kept()):
        yield [
            Staged(
                run.numbers[row.seq - run.start - 1],
                row.seq,
                row.key,
                row.id,
                row.kind,
                row.action,
                row.replaced,
                row.document,
                said,
            )
            for row, said in zip(read.popleft(), made, strict=True)
        ]
