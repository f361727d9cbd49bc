"""The search index has the kind of each record beside its words.

Whoever searched among records of some kinds had every hit looked at, to see of what kind it is, until there
were enough.
"""

from collections.abc import Iterator
from typing import Any
from unicodedata import normalize

import orjson
from peewee import PostgresqlDatabase

KINDS = {
    1: "actor", 2: "source", 3: "issue", 4: "track", 5: "talk", 6: "statement", 7: "proposal", 8: "event"
}  # fmt: skip
LABELS = {"actor": "name", "statement": "text"}
"""The field that names a record; for the other kinds ``title``."""
NAMES = ("names.text", "memberships.post")
TEXTS = {
    "source": ("publisher", "author"),
    "issue": ("proposition",),
    "talk": ("place.name", "outcome.summary"),
    "statement": ("translation",),
    "proposal": ("clauses.key", "clauses.text"),
    "event": ("place.name", "figures.label"),
}
"""What else is searched, by kind; and of every kind ``notes`` and ``tags``."""
MARK = "\ue000"


def up(_: Any, db: Any) -> None:
    if isinstance(db, PostgresqlDatabase):
        words = " ".join(f"WHEN {code} THEN '''={kind}'''" for code, kind in KINDS.items())
        db.execute_sql("DROP INDEX search_words")  # Made anew it takes less time than to be kept up to date.
        db.execute_sql(
            f"UPDATE search SET words = search.words || CAST(CASE kind {words} END AS tsvector) "  # noqa: S608
            "FROM record WHERE record.key = search.key"
        )
        db.execute_sql("CREATE INDEX search_words ON search USING gin (words)")
        return
    # A table without the texts themselves cannot be given another column: they are in the documents.
    db.execute_sql("DROP TABLE search")
    db.execute_sql(
        "CREATE VIRTUAL TABLE search USING fts5(label, names, text, kind, content='', contentless_delete=1, "
        "tokenize='unicode61 remove_diacritics 2')"
    )
    records = db.execute_sql(
        "SELECT record.key, revision.document FROM record JOIN revision ON revision.seq = record.revision "
        "ORDER BY record.key"
    )
    insert = "INSERT INTO search (rowid, label, names, text, kind) VALUES (?, ?, ?, ?, ?)"
    db.cursor().executemany(insert, ((key, *_words(orjson.loads(document))) for key, document in records))
    db.execute_sql("INSERT INTO search (search) VALUES ('optimize')")


def _words(document: dict[str, Any]) -> tuple[str, str, str, str]:
    kind = document["kind"]
    names = " · ".join(text for path in NAMES for text in _texts(document, path))
    paths = (*TEXTS.get(kind, ()), "notes", "tags")
    texts = "\n".join(text for path in paths for text in _texts(document, path))
    label = document[LABELS.get(kind, "title")]
    return _folded(label), _folded(names), _folded(texts), MARK + kind


def _texts(within: Any, path: str) -> Iterator[str]:
    name, _, rest = path.partition(".")
    if isinstance(within, list):
        for one in within:
            yield from _texts(one, path)
    elif not path:
        yield within
    elif name in within:
        yield from _texts(within[name], rest)


def _folded(text: str) -> str:
    return " ".join(normalize("NFKC", normalize("NFKC", text).casefold()).split())
