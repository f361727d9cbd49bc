"""Many rows at once. peewee takes ten times as long to write an INSERT as a database to carry it out."""

from collections.abc import Iterable, Sequence
from typing import Any

import peewee

from service.storage.database import database
from service.storage.models import Base, CodeField

Row = tuple[Any, ...]
"""A value for each field of a model, in their order."""


def insert(model: type[Base], rows: Iterable[Row], replacing: Sequence[str] = ()) -> None:
    """Add rows. ``replacing``: set these fields where the key is taken."""
    values = list(rows)
    if not values:
        return
    fields = model._meta.sorted_fields
    for place, field in enumerate(fields):
        if isinstance(field, CodeField):
            codes = field.codes
            values = [(*row[:place], codes.get(row[place], row[place]), *row[place + 1 :]) for row in values]
    columns = ", ".join(f'"{field.column_name}"' for field in fields)
    places = ", ".join([database.param] * len(fields))
    sql = f'INSERT INTO "{model._meta.table_name}" ({columns}) VALUES ({places})'  # noqa: S608 -- our own names
    if replacing:
        new = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in replacing)
        sql += f' ON CONFLICT ("{model._meta.primary_key.column_name}") DO UPDATE SET {new}'
    with peewee.__exception_wrapper__:
        database.cursor().executemany(sql, values)
