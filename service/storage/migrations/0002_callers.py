"""What callers lean on: tokens' last use, answers kept for retries, webhooks and what is due to them."""

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


def up(migrator: Any, db: Any) -> None:
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Revision(Base):
        seq = IntegerField(primary_key=True)

    class Token(Base):
        key = AutoField()

    class Attempt(Base):
        token = ForeignKeyField(Token, column_name="token", index=False)
        route = TextField()
        key = TextField()
        request = BlobField()
        status = SmallIntegerField()
        headers = TextField()
        body = BlobField()
        made_at = BigIntegerField(index=True)

        class Meta:
            primary_key = CompositeKey("token", "route", "key")

    class Webhook(Base):
        key = AutoField()
        url = TextField()
        secret = TextField()
        created_at = BigIntegerField()

    class Delivery(Base):
        webhook = ForeignKeyField(Webhook, column_name="webhook", index=False, on_delete="CASCADE")
        revision = ForeignKeyField(Revision, column_name="revision", index=False)
        attempts = IntegerField(default=0)
        due_at = BigIntegerField(null=True)
        failure = TextField(null=True)

        class Meta:
            primary_key = CompositeKey("webhook", "revision")
            indexes = ((("due_at",), False),)

    migrator.add_column("token", "last_used_at", BigIntegerField(null=True)).run()
    db.create_tables([Attempt, Webhook, Delivery])
