"""The plain way to serve a table: peewee's models, a marshmallow schema, Flask's ``jsonify``.

As one writes it on the first day, and no worse: the query has its index, the page is bounded, the connection
is kept. ``scripts.benchmark.plain:app()`` under a WSGI server, on the file that ``BENCHMARK_ROWS`` names.
"""

import os

from flask import Flask, Response, abort, jsonify, request
from marshmallow import Schema, fields
from peewee import AutoField, IntegerField, Model, SqliteDatabase, TextField

ROWS = "BENCHMARK_ROWS"
database = SqliteDatabase(None, pragmas={"journal_mode": "wal", "mmap_size": 1 << 30})


class Position(Model):
    """A stance on an issue, and what was said."""

    place = AutoField()
    statement = TextField(unique=True)
    holder = TextField()
    issue = TextField()
    stance = IntegerField()
    date = TextField()
    text = TextField()
    language = TextField()
    directness = TextField()
    channel = TextField()
    status = TextField()
    firmness = TextField(null=True)
    source = TextField()
    track = TextField(null=True)
    talk = TextField(null=True)
    recorded_at = TextField()

    class Meta:
        database = database
        indexes = ((("holder", "place"), False),)


class PositionSchema(Schema):
    """What a caller sees of it."""

    place = fields.Integer()
    statement = fields.String()
    holder = fields.String()
    issue = fields.String()
    stance = fields.Integer()
    date = fields.String()
    text = fields.String()
    language = fields.String()
    directness = fields.String()
    channel = fields.String()
    status = fields.String()
    firmness = fields.String(allow_none=True)
    source = fields.String()
    track = fields.String(allow_none=True)
    talk = fields.String(allow_none=True)
    recorded_at = fields.String()


def app() -> Flask:
    """The application."""
    database.init(os.environ[ROWS])
    app = Flask(__name__)
    many, one = PositionSchema(many=True), PositionSchema()

    @app.before_request
    def connect() -> None:
        database.connect(reuse_if_open=True)

    @app.get("/positions")
    def positions() -> Response:
        limit = min(int(request.args.get("limit", 100)), 1000)
        query = Position.select().where(Position.holder == request.args["holder"])
        return jsonify(items=many.dump(query.order_by(Position.place).limit(limit)))

    @app.get("/positions/<int:place>")
    def position(place: int) -> Response:
        found = Position.get_or_none(Position.place == place)
        if found is None:
            abort(404)
        return jsonify(one.dump(found))

    return app
