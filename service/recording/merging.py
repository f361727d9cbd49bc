"""Merging: one record made of two, in one transaction."""

import orjson

from service.diplomacy import documents, names, stances
from service.diplomacy.changes import ANY, Change
from service.errors import Conflict, Moved, NotFound
from service.recording.batches import write
from service.recording.linking import circular
from service.recording.run import Outcome, now, outcome, revision
from service.storage import search, standing, writing
from service.storage.database import writing as transaction
from service.storage.writing import Known


def merge(kind: str, duplicate: str, into: str, author: str) -> Outcome:
    """Make one record of two: what refers to ``duplicate`` refers to ``into`` from now on.

    Names that an actor was also known by go over to the one that stays. Raises NotFound, Moved, or Conflict
    where the two cannot be one.
    """
    with transaction():
        made = join(kind, duplicate, into, author)[-1]
        # Not of one that is done again: what was let in once stays so.
        if relation := standing.of_itself(into):
            raise Conflict(f"{kind} {into!r} would refer to itself ({relation}): amend it first.")
        return made


def join(kind: str, duplicate: str, into: str, author: str, moment: int | None = None) -> list[Outcome]:
    """As ``merge``; also the outcome of the record that stays, first, where it was given names."""
    outcomes: list[Outcome] = []
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
        moment = moment or now(writing.head())
        if kind == "actor" and (called := names.joined(stays, was)) != stays.get("names", []):
            outcomes += write([Change(kind, into, {**stays, "names": called}, replaces=ANY)], author, moment)
        new = revision(old, "merged", {"merged_into": into}, was, author, writing.head(), moment)
        writing.append([new])
        writing.end_edges([old.revision or 0], new.seq)
        writing.repoint(old.key, kept.key, new.seq)
        if twice := standing.stated_twice(kept.key):
            raise Conflict(f"{into!r} would stand twice in what one statement says.", twice)
        link = documents.Edge("merged-into", duplicate, into, *documents.ALWAYS)
        writing.add_edges([writing.edge_row(new, 0, link, old.key, kept.key)])
        if kind in ("issue", "track") and circular(kept.key, set()):
            raise Conflict(f"{kind} {into!r} would be a part of itself.")
        search.forget([old.key])
        return [*outcomes, outcome(new)]


def _existing(known: dict[str, Known], kind: str, id: str) -> Known:
    found = known.get(id)
    if found is None or found.kind != kind:
        raise NotFound(f"There is no {kind} {id!r}.")
    if found.merged_into:
        raise Moved(found.kind, found.id, found.merged_into)
    if found.revision is None:
        raise NotFound(f"There is no {kind} {id!r}.")
    return found
