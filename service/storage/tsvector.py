"""Full-text search in PostgreSQL: a tsvector for each record, with a weight for each column.

The words are those of FTS5's tokenizer and the queries in its grammar, so that both databases find the same;
but for phrases in a long text, beyond ``MOST_WORDS`` of it and ``MOST_PLACES`` of one of their words.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import peewee
from peewee import SQL, Expression, IntegerField, NodeList, TextField, fn

from service.storage.database import database
from service.storage.models import Base
from service.storage.rows import parts
from service.storage.words import Words, words_of

MARKS = {"label": "A", "names": "B", "text": "D"}
LONGEST_WORD = 500
"""Characters: a lexeme may have 2,046 bytes."""
MOST_WORDS = 16_383
"""Positions that there are in a tsvector; what is further on in a text is found as if it stood there."""
MOST_PLACES = 256
"""Of one word: PostgreSQL keeps no more."""
LARGEST = 1_000_000
"""Bytes of a tsvector: it may have 2^20 - 1."""

# What playhouse makes of a search-box query: phrases in double quotes, after one a * for words that begin so,
# before one its column and a colon; AND, OR, NOT; parentheses.
_TOKEN = re.compile(r'"((?:[^"]|"")*)"(\*)?(\s*:)?|(AND|OR|NOT|\(|\))|(\S)')
_SIGNS = {"AND": " & ", "OR": " | ", "NOT": " & !", "(": "(", ")": ")"}


class Search(Base):
    """The words of every current record, by the record's key."""

    key = IntegerField(primary_key=True)
    words = TextField()

    class Meta:
        table_name = "search"


key = Search.key


def learn(rows: Iterable[Words]) -> None:
    insert = "INSERT INTO search (key, words) VALUES (%s, %s::tsvector)"
    with peewee.__exception_wrapper__:
        for some in parts(rows):
            database.cursor().executemany(insert, [(key, vector(*columns)) for key, *columns in some])


def put_together() -> None:
    # What a search goes through one by one until the server's own time for it comes.
    database.execute_sql("SELECT gin_clean_pending_list('search_words')")


def forget(keys: Sequence[int]) -> None:
    for some in parts(keys):
        Search.delete().where(Search.key.in_(some)).execute()


def lacking(rows: Iterable[Words]) -> set[int]:
    """The keys of those rows of which the index does not hold just the words."""
    missing = set[int]()
    for some in parts(rows):
        said = {key: vector(*columns) for key, *columns in some}
        found = database.execute_sql(_LACKING, ([*said], [*said.values()]))
        missing.update(key for (key,) in found)
    return missing


_LACKING = """
    SELECT key FROM unnest(%s::integer[], %s::text[]) AS said (key, words)
    WHERE NOT EXISTS (SELECT FROM search WHERE search.key = said.key AND search.words = said.words::tsvector)
"""


def either(asked: Sequence[str], kinds: Sequence[str]) -> str:
    """The query that finds what any of these finds, in records of these kinds; none: of any."""
    said = " | ".join(f"({tsquery(one)})" for one in asked)
    return f"({said}) & ({' | '.join(map(_marked, kinds))})" if kinds else said


def _marked(kind: str) -> str:
    """The lexeme of a kind. No word of a text has this sign in it."""
    return f"'={kind}'"


def holds(wanted: Any) -> Any:
    """The condition that a record is found by the query."""
    return Expression(Search.words, "@@", fn.CAST(NodeList((wanted, SQL("AS tsquery")))))


def vector(label: str, names: str, text: str, kind: str) -> str:
    """The tsvector of a record, as PostgreSQL reads it: its kind, then each word with its places and marks.

    >>> vector("Cession of Donbas", "", "of it", "issue")
    "'=issue' 'cession':1A 'donbas':3A 'it':7D 'of':2A,6D"
    """
    return f"{_marked(kind)} {_placed(label, names, text)}"


def _placed(label: str, names: str, text: str) -> str:
    places: dict[str, list[str]] = {}
    place, size = 0, 0
    for mark, words in zip(MARKS.values(), map(words_of, (label, names, text)), strict=True):
        for word in words:
            place = min(place + 1, MOST_WORDS)
            if (found := places.get(word[:LONGEST_WORD])) is None:
                size += len(word.encode()) + 8
                found = places[word[:LONGEST_WORD]] = []
            if len(found) < MOST_PLACES:
                size += 2
                found.append(f"{place}{mark}")
            if size > LARGEST:
                return _rendered(places)
        place += 1  # No phrase reaches from one column into the next.
    return _rendered(places)


def _rendered(places: dict[str, list[str]]) -> str:
    return " ".join(f"{_quoted(word)}:{','.join(found)}" for word, found in sorted(places.items()))


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def tsquery(query: str) -> str:
    """A query in FTS5's grammar, as playhouse writes it, in PostgreSQL's.

    >>> tsquery('("label": "go on") AND ("a" OR "b"*) NOT "c"')
    "(('go':A <-> 'on':A)) & (('a') | ('b':*)) & !('c')"
    """
    return "".join(_converted(query))


def _converted(query: str) -> Iterator[str]:
    mark, depth, until = "", 0, 0
    for phrase, prefix, colon, sign, other in _TOKEN.findall(query):
        if other:
            raise ValueError(f"{other!r} in {query!r} is not what playhouse writes.")
        if colon:
            mark, until = MARKS[phrase], depth
        elif sign:
            depth += {"(": 1, ")": -1}.get(sign, 0)
            if depth < until:
                mark, until = "", 0  # The column was named within these parentheses.
            yield _SIGNS[sign]
        else:
            yield "(" + _phrase(phrase.replace('""', '"'), mark, bool(prefix)) + ")"


def _phrase(text: str, mark: str, prefix: bool) -> str:
    words = [word[:LONGEST_WORD] for word in words_of(text)]
    marks = [mark] * len(words)
    if words and prefix:
        marks[-1] = "*" + mark
    # What has no words finds nothing, and a query has to have one: no word of a record is a space.
    return (
        " <-> ".join(
            f"{_quoted(word)}:{mark}" if mark else _quoted(word)
            for word, mark in zip(words, marks, strict=True)
        )
        or "' '"
    )
