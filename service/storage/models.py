"""The three tables (design: "Three tables") and what stands beside them: tokens, answers kept.

Migrations hold frozen copies of these; this is the shape that the newest one leaves behind.
Dates are whole seconds since 1970 (``service.diplomacy.dates.Bounds``), instants of recording microseconds.
"""

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
)

from schemas.vocabulary import ACTIONS, KINDS, RELATIONS, SCOPES
from service.storage.database import database


class CodeField(SmallIntegerField):
    """A word of the vocabulary, kept as its code: it stands in every index of the largest tables."""

    def __init__(self, codes: dict[str, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.codes = codes
        self.words = {code: word for word, code in codes.items()}

    def db_value(self, value: Any) -> Any:
        return self.codes.get(value, value)

    def python_value(self, value: Any) -> Any:
        return self.words.get(value, value)


KIND_CODES = {name: kind.code for name, kind in KINDS.items()}
ACTION_CODES = {action: code for code, action in enumerate(ACTIONS)}
SCOPE_CODES = {scope: code for code, scope in enumerate(SCOPES)}


class Base(Model):
    class Meta:
        database = database
        legacy_table_names = False


class Record(Base):
    """One row for each thing that exists or did. A deleted or merged one keeps its row and its id."""

    key = AutoField()
    id = TextField(unique=True)
    kind = CodeField(KIND_CODES)
    type = TextField(null=True)
    status = TextField(null=True)
    label = TextField()
    earliest = BigIntegerField()
    latest = BigIntegerField()
    # Not a foreign key: revision.record is one already, and a circle of two would cost each write an update.
    revision = IntegerField(null=True)
    """The revision that is current; null when deleted or merged."""

    class Meta:
        indexes = ((("kind", "earliest", "latest", "id"), False),)


class Revision(Base):
    """One row for each write, never changed. Numbered without gaps, in the order of commits."""

    seq = IntegerField(primary_key=True)
    record = ForeignKeyField(Record, column_name="record", index=False)
    version = IntegerField()
    action = CodeField(ACTION_CODES)
    # What the record was like, to filter and sort by at an earlier known_at.
    kind = CodeField(KIND_CODES)
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
    """One row for each reference or position that a document states, and when it was current knowledge."""

    revision = ForeignKeyField(Revision, column_name="revision", index=False)
    """The revision whose document states it."""
    ordinal = IntegerField()
    since = IntegerField()
    """The first revision at which it was known: its own, or a merge that re-pointed it."""
    until = IntegerField(null=True)
    """The revision that ended it; null while it is current."""
    record = ForeignKeyField(Record, column_name="record", index=False)
    relation = CodeField(RELATIONS)
    tail = ForeignKeyField(Record, column_name="tail", index=False)
    head = ForeignKeyField(Record, column_name="head", index=False)
    earliest = BigIntegerField()
    latest = BigIntegerField()
    stance = SmallIntegerField(null=True)
    status = TextField(null=True)
    place = SmallIntegerField()
    attributes = TextField(null=True)

    class Meta:
        # Clustered by the document that states them: they are written, ended and read together.
        # By their ends they are in indexes, each by those that its document names (``knowledge.by_tail``).
        primary_key = CompositeKey("revision", "ordinal", "since")
        without_rowid = True


class Token(Base):
    """An access token; only its SHA-256 is kept."""

    key = AutoField()
    name = TextField()
    scope = CodeField(SCOPE_CODES)
    hash = BlobField(unique=True)
    created_at = BigIntegerField()
    expires_at = BigIntegerField(null=True)
    revoked_at = BigIntegerField(null=True)
    last_used_at = BigIntegerField(null=True)


class Attempt(Base):
    """What was answered to a POST with an Idempotency-Key, for whoever sends it again."""

    token = ForeignKeyField(Token, column_name="token", index=False)
    route = TextField()
    key = TextField()
    request = BlobField()
    """SHA-256 of what the request said."""
    status = SmallIntegerField()
    headers = TextField()
    """JSON: pairs of name and value."""
    body = BlobField()
    made_at = BigIntegerField(index=True)

    class Meta:
        primary_key = CompositeKey("token", "route", "key")


class Webhook(Base):
    """Where what is recorded is sent."""

    key = AutoField()
    url = TextField()
    secret = TextField()
    """What its messages are signed with; empty once the receiver has said that it is gone."""
    created_at = BigIntegerField()


class Delivery(Base):
    """A revision that a webhook has not been sent yet, or that was given up."""

    webhook = ForeignKeyField(Webhook, column_name="webhook", index=False, on_delete="CASCADE")
    revision = ForeignKeyField(Revision, column_name="revision", index=False)
    attempts = IntegerField(default=0)
    due_at = BigIntegerField(null=True)
    """When it is to be sent: 0 at once; null when it was given up."""
    failure = TextField(null=True)
    """What the last attempt came to."""

    class Meta:
        primary_key = CompositeKey("webhook", "revision")
        indexes = ((("due_at",), False),)


TABLES = (Record, Revision, Edge, Token, Attempt, Webhook, Delivery)
