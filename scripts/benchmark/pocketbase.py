"""PocketBase with the rows of a store: a collection that anybody may read, filled underneath."""

import os
from pathlib import Path

import apsw

from scripts.benchmark import servers
from scripts.benchmark.plain import Position

VERSION = "0.40.6"
_COLUMNS = [field.name for field in Position._meta.sorted_fields]
_NUMBERS = ("place", "stance")
_COLLECTION = """
migrate((app) => {
  app.save(new Collection({
    type: "base", name: "position", listRule: "", viewRule: "",
    fields: [FIELDS],
    indexes: ["CREATE INDEX position_holder_place ON position (holder, place)"],
  }))
})
"""


def prepared(bin: Path, rows: Path, port: int) -> list[str]:
    """How to start it; its own data folder is made beside the file of rows, if it is not there."""
    data = rows.with_name(f"pocketbase-{VERSION}")
    command = [
        str(bin / "pocketbase"),
        "serve",
        "--dir",
        str(data),
        "--migrationsDir",
        str(data / "migrations"),
    ]
    command += ["--http", f"{servers.HOST}:{port}"]
    if not (data / "stamp").exists():
        (data / "migrations").mkdir(parents=True, exist_ok=True)
        kinds = (("number", "") if name in _NUMBERS else ("text", ", max: 5000") for name in _COLUMNS)
        fields = (
            f'{{name: "{name}", type: "{type}"{bound}}}'
            for name, (type, bound) in zip(_COLUMNS, kinds, strict=True)
        )
        file = data / "migrations" / "1_position.js"
        file.write_text(_COLLECTION.replace("FIELDS", ", ".join(fields)))
        with servers.running(command, dict(os.environ), port, "/api/collections/position/records"):
            pass
        _fill(data / "data.db", rows)
        (data / "stamp").touch()
    return command


def _fill(database: Path, rows: Path) -> None:
    columns = ", ".join(_COLUMNS)
    values = ", ".join(f"coalesce({name}, '')" for name in _COLUMNS)
    connection = apsw.Connection(str(database))
    connection.execute("ATTACH ? AS given", (str(rows),))
    with connection:
        connection.execute(
            f"INSERT INTO position (id, {columns}) "  # noqa: S608 -- our own names
            f"SELECT printf('%015d', place), {values} FROM given.position ORDER BY place"
        )
    connection.close()
