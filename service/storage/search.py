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
from service.storage.prepared import padded, planned_anew, prepared
from service.storage.words import MARK, Words

COLUMNS = ["label", "names", "text"]
"""Where the words that are asked for may be."""
DEEPEST = 20
"""Parentheses that count: FTS5 takes some thirty within each other, so where there are more, none does."""
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


def learn(rows: Iterable[Words]) -> None:
    """Add records to the index."""
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


def lacking(rows: Iterable[Words]) -> set[int]:
    """The keys of those rows of which the index does not hold the words, or not the kind."""
    missing: set[int] = _index().lacking(rows)
    return missing


def query(texts: Sequence[str], kinds: Sequence[str]) -> str:
    """What finds the words of any of the search-box texts, as the database has it; empty: nothing does.

    In records of these kinds; none: of any. Quoted phrases, OR and -exclusion are understood.
    """
    asked = [found for text in texts if (found := fts_parser.parse(_plain(text), COLUMNS))]
    return str(_index().either(asked, kinds)) if asked else ""


def _plain(text: str) -> str:
    # FTS5 takes NUL for the end of the text.
    text = text.replace("\0", " ").replace(MARK, " ")
    return text if text.count("(") <= DEEPEST else text.replace("(", " ").replace(")", " ")


@planned_anew
def oldest(limit: int, *, wanted: str) -> Any:
    """The first records to be recorded of those that the ``query`` finds, in that order.

    Each as its key, and its document if it is called something.
    """
    page = _holding(wanted).order_by(_index().key).limit(limit).alias("page")
    # Read where it is wanted: most hits are statements.
    document = Revision.select(Revision.document).where(Revision.seq == Record.revision)
    named = Case(None, [(Record.kind.not_in(UNNAMED), document)])
    return _records(page, Record.key, named).order_by(Record.key)


def newest(wanted: str, after: int, before: int, limit: int) -> list[int]:
    """The keys of the last ones to be recorded, the last one first, of those between two keys."""
    rows = _newest(wanted=wanted, after=after, before=before, limit=limit)
    return [key for (key,) in rows]


@planned_anew
def _newest(*, wanted: str, after: int, before: int, limit: int) -> Any:
    key = _index().key
    found = _holding(wanted).where(key > after, key < before)
    return _records(found.order_by(key.desc()).limit(limit).alias("page"), Record.key).order_by(
        Record.key.desc()
    )


def _holding(wanted: str) -> Any:
    index = _index()
    return index.Search.select(index.key.alias("key")).where(index.holds(wanted))


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
