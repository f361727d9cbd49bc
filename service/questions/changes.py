"""Everything that changed, in the order of revisions, to be followed by whoever keeps a copy.

Revisions are numbered without gaps in the order of their commits, so that no revision appears below one that
has been read: who goes on after the last number that was given misses nothing, and gets nothing twice.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

from schemas.vocabulary import GONE
from service.diplomacy import documents, revisions
from service.errors import NotFound
from service.exports.changes import Change
from service.questions.asking import Answer, state
from service.storage import changes, records
from service.storage.changes import Changed
from service.storage.database import reading

AT_ONCE = 10_000
"""Revisions that one page looks through for those of its kinds: so it costs the same in a larger store."""


class Changes(NamedTuple):
    """A page of changes."""

    items: list[Any]
    last: int
    """The revision to go on after; reading backwards, the one to go on before."""
    more: bool
    updated: str = ""
    """Of a feed: when the newest revision of all was recorded."""


def changed(after: int, before: int | None, kinds: Sequence[str], limit: int) -> Changes:
    """The changes after one revision and before another, or up to the newest, oldest first, as answers.

    With ``kinds`` a page may hold few or none of them and yet not be the last (``AT_ONCE``).
    """
    with reading():
        newest = records.latest()
        end = newest if before is None else min(newest, before - 1)
        last = min(end, after + AT_ONCE)
        found = changes.between(after, last, kinds, limit + 1)
    items = [_answer(row) for row in found[:limit]]
    if len(found) > limit:
        return Changes(items, found[limit - 1].revision, True)
    return Changes(items, max(after, last), last < end)


def news(after: int, before: int | None, kinds: Sequence[str], limit: int) -> Changes:
    """The same, newest first, as a feed tells of them."""
    with reading():
        newest = records.latest()
        end = newest if before is None else min(newest, before - 1)
        first = max(after, end - AT_ONCE)
        found = changes.between(first, end, kinds, limit + 1, newest_first=True)
        updated = revisions.instant(records.recorded_at(None))
    items = [_line(row) for row in found[:limit]]
    if len(found) > limit:
        return Changes(items, found[limit - 1].revision, True, updated)
    return Changes(items, first + 1, first > after, updated)


def change(revision: int) -> Answer:
    """The change of that number."""
    with reading():
        found = changes.between(revision - 1, revision, (), 1)
    if not found:
        raise NotFound(f"There is no revision {revision}.")
    return _answer(found[0])


def _answer(row: Changed) -> Answer:
    told = row._asdict()
    return {"id": told.pop("id"), "kind": told.pop("kind"), **revisions.entry(**told)}


def _line(row: Changed) -> Change:
    told = row._asdict()
    document = orjson.loads(told.pop("document"))
    label = document.get("merged_into") if row.action in GONE else documents.label(document)
    moment = revisions.instant(row.recorded_at)
    return Change(**{**told, "recorded_at": moment, "hash": row.hash.hex()}, label=label)


def arrival(after: int, kinds: Sequence[str]) -> Callable[[], bool]:
    """A question to be asked again and again: whether anything has come after that revision.

    It costs the number of the newest revision, and looks at no revision twice.
    """
    seen = after

    def came() -> bool:
        nonlocal seen
        newest = state()
        if newest <= seen:
            return False
        if not kinds or newest - seen > AT_ONCE:
            return True
        with reading():
            found = changes.between(seen, newest, kinds, 1)
        seen = newest
        return bool(found)

    return came
