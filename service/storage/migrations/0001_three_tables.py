"""Records, revisions, edges; access tokens; the full-text index."""

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    PostgresqlDatabase,
    SmallIntegerField,
    TextField,
)


def up(_: Any, db: Any) -> None:
    on_a_server = isinstance(db, PostgresqlDatabase)

    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Record(Base):
        key = AutoField()
        id = TextField(unique=True)
        kind = SmallIntegerField()
        type = TextField(null=True)
        status = TextField(null=True)
        label = TextField()
        earliest = BigIntegerField()
        latest = BigIntegerField()
        revision = IntegerField(null=True)

        class Meta:
            indexes = ((("kind", "earliest", "latest", "id"), False),)

    class Revision(Base):
        seq = IntegerField(primary_key=True)
        record = ForeignKeyField(Record, column_name="record", index=False)
        version = IntegerField()
        action = SmallIntegerField()
        kind = SmallIntegerField()
        type = TextField(null=True)
        status = TextField(null=True)
        earliest = BigIntegerField()
        latest = BigIntegerField()
        document = BlobField()
        recorded_by = TextField()
        recorded_at = BigIntegerField(index=True)
        hash = BlobField()

        class Meta:
            indexes = ((("record", "version"), True), (("kind", "earliest", "latest"), False))

    class Edge(Base):
        revision = ForeignKeyField(Revision, column_name="revision", index=False)
        ordinal = IntegerField()
        since = IntegerField()
        until = IntegerField(null=True)
        record = ForeignKeyField(Record, column_name="record", index=False)
        relation = SmallIntegerField()
        tail = ForeignKeyField(Record, column_name="tail", index=False)
        head = ForeignKeyField(Record, column_name="head", index=False)
        earliest = BigIntegerField()
        latest = BigIntegerField()
        stance = SmallIntegerField(null=True)
        status = TextField(null=True)
        place = SmallIntegerField()
        attributes = TextField(null=True)

        class Meta:
            primary_key = CompositeKey("revision", "ordinal", "since")
            without_rowid = not on_a_server
            indexes = (
                (("tail", "relation", "earliest", "latest", "until"), False),
                (("head", "relation", "earliest", "latest", "until"), False),
            )

    # The history of one holder on one issue, and the position before any of its entries: only the edges
    # that carry a stance, so that the other nine tenths cost nothing.
    Edge.add_index(
        Edge.index(
            Edge.tail, Edge.head, Edge.relation, Edge.earliest, Edge.latest, Edge.stance, name="edge_stance"
        ).where(Edge.stance.is_null(False))
    )

    class Token(Base):
        key = AutoField()
        name = TextField()
        scope = SmallIntegerField()
        hash = BlobField(unique=True)
        created_at = BigIntegerField()
        expires_at = BigIntegerField(null=True)
        revoked_at = BigIntegerField(null=True)

    db.create_tables([Record, Revision, Edge, Token])
    if on_a_server:
        # Ids are in the order of their bytes, as SQLite has them, whatever language the server speaks.
        db.execute_sql('ALTER TABLE record ALTER COLUMN id TYPE text COLLATE "C"')
        db.execute_sql("CREATE TABLE search (key integer PRIMARY KEY, words tsvector NOT NULL)")
        db.execute_sql("CREATE INDEX search_words ON search USING gin (words)")
        return
    # Contentless: the words are in the documents already, and snippets are cut from those.
    db.execute_sql(
        "CREATE VIRTUAL TABLE search USING fts5(label, names, text, content='', contentless_delete=1, "
        "tokenize='unicode61 remove_diacritics 2')"
    )
