"""Full-text search: what the index holds of each record, and what it finds.

Nothing here measures how well a record fits: that costs as much as there are hits. Hits are read in the order
in which they were recorded, which is that of the index, from either end and no further than is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from peewee import Case, Select
from playhouse import fts_parser

from schemas.vocabulary import KINDS
from service.storage.database import database
from service.storage.embedded import Embedded
from service.storage.models import Record, Revision
from service.storage.prepared import Rows, padded, planned_anew, prepared

COLUMNS = ["label", "names", "text"]
UNNAMED = tuple(name for name, kind in KINDS.items() if kind.label == "text")
"""The kinds of record that are called nothing: their label is how their text begins."""


class Hit(NamedTuple):
    """A record found."""

    id: str
    kind: str
    label: str
    document: bytes


def _index() -> ModuleType:
    """The database's own."""
    if isinstance(database.obj, Embedded):
        from service.storage import fts5

        return fts5
    from service.storage import tsvector

    return tsvector


def learn(rows: Iterable[tuple[int, str, str, str]]) -> None:
    """Add records to the index: key, label, names, text."""
    _index().learn(rows)


def forget(keys: Sequence[int]) -> None:
    """Take records out of the index."""
    _index().forget(keys)


def put_together() -> None:
    """Make one piece of the index, which grew in many: for when it has been filled."""
    _index().put_together()


def held(after: int, last: int | None) -> set[int]:
    """The keys beyond ``after`` and up to ``last`` under which the index holds anything."""
    key = _index().key
    query = key.model.select(key).where(key > after)
    if last is not None:
        query = query.where(key <= last)
    return {key for (key,) in query.tuples()}


def lacking(rows: Iterable[tuple[int, str, str, str]]) -> set[int]:
    """The keys of those rows of which the index does not hold the words."""
    missing: set[int] = _index().lacking(rows)
    return missing


def query(texts: Sequence[str]) -> str:
    """What finds the words of any of the search-box texts, as the database has it; empty: nothing does.

    Quoted phrases, OR and -exclusion are understood.
    """
    # FTS5 takes NUL for the end of the text.
    asked = [found for text in texts if (found := fts_parser.parse(text.replace("\0", " "), COLUMNS))]
    return str(_index().either(asked)) if asked else ""


def oldest(wanted: str, kinds: Sequence[str], limit: int) -> Rows:
    """The first records to be recorded of those that the ``query`` finds, in that order.

    Each as its key, and its document if it is called something.
    """
    return _oldest(tuple(kinds), limit, wanted=wanted)


@planned_anew
def _oldest(kinds: tuple[str, ...], limit: int, *, wanted: str) -> Any:
    page = _holding(kinds, wanted).order_by(_index().key).limit(limit).alias("page")
    # Read where it is wanted: most hits are statements.
    document = Revision.select(Revision.document).where(Revision.seq == Record.revision)
    named = Case(None, [(Record.kind.not_in(UNNAMED), document)])
    return _records(page, Record.key, named).order_by(Record.key)


def newest(wanted: str, kinds: Sequence[str], after: int, before: int, limit: int) -> list[int]:
    """The keys of the last ones to be recorded, the last one first, of those between two keys."""
    rows = _newest(tuple(kinds), wanted=wanted, after=after, before=before, limit=limit)
    return [key for (key,) in rows]


@planned_anew
def _newest(kinds: tuple[str, ...], *, wanted: str, after: int, before: int, limit: int) -> Any:
    key = _index().key
    found = _holding(kinds, wanted).where(key > after, key < before)
    return _records(found.order_by(key.desc()).limit(limit).alias("page"), Record.key).order_by(
        Record.key.desc()
    )


def _holding(kinds: Sequence[str], wanted: str) -> Any:
    index = _index()
    query = index.Search.select(index.key.alias("key")).where(index.holds(wanted))
    return query.join(Record, on=(Record.key == index.key)).where(Record.kind.in_(kinds)) if kinds else query


def _records(page: Any, *columns: Any) -> Any:
    """The records of a page of keys: looked up for it alone, not for each hit that it is taken from."""
    query = Select((page,), columns).join(Record, on=(Record.key == page.c.key))
    return query.where(Record.revision.is_null(False))


def hits(keys: Sequence[int]) -> Mapping[int, Hit]:
    """The records of these keys."""
    rows = _hits(keys=padded(keys)) if keys else []
    word = Record.kind.python_value
    return {key: Hit(id, word(kind), label, bytes(document)) for key, id, kind, label, document in rows}


@prepared
def _hits(*, keys: tuple[int, ...]) -> Any:
    return (
        Record.select(Record.key, Record.id, Record.kind, Record.label, Revision.document)
        .join(Revision, on=(Revision.seq == Record.revision))
        .where(Record.key.in_(keys))
    )
