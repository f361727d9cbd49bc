"""Many rows at once. peewee takes ten times as long to write an INSERT as a database to carry it out."""

from collections.abc import Iterable, Mapping
from typing import Any

import peewee

from service.storage.database import database
from service.storage.models import Base, CodeField


def insert(model: type[Base], rows: Iterable[Mapping[str, Any]], replacing: tuple[str, ...] = ()) -> None:
    """Add rows, each with a value for every field. ``replacing``: set these fields where the key is taken."""
    fields = model._meta.sorted_fields
    codes = [(field.name, field.codes if isinstance(field, CodeField) else None) for field in fields]
    columns = ", ".join(f'"{field.column_name}"' for field in fields)
    places = ", ".join([database.param] * len(fields))
    sql = f'INSERT INTO "{model._meta.table_name}" ({columns}) VALUES ({places})'  # noqa: S608 -- our own names
    if replacing:
        new = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in replacing)
        sql += f' ON CONFLICT ("{model._meta.primary_key.column_name}") DO UPDATE SET {new}'
    values = [tuple(of.get(row[name], row[name]) if of else row[name] for name, of in codes) for row in rows]
    if values:
        with peewee.__exception_wrapper__:
            database.cursor().executemany(sql, values)
