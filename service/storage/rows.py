"""Many rows at once. peewee takes ten times as long to write an INSERT as a database to carry it out."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import peewee

from service.storage.database import database
from service.storage.models import Base

ROWS_AT_ONCE = 500
IDS_AT_ONCE = 1 << 14
"""SQLite takes 32,766 values in a statement, and of a list as many as the next power of two (``padded``)."""

Row = tuple[Any, ...]
"""A value for each field of a model, in their order, as the database keeps it: codes for words."""


Value = TypeVar("Value")


def parts(values: Iterable[Value], many: int = ROWS_AT_ONCE) -> Iterator[list[Value]]:
    """The values, so many at a time as a statement takes."""
    rest = iter(values)
    while some := list(islice(rest, many)):
        yield some


def insert(model: type[Base], rows: Iterable[Row], replacing: Sequence[str] = ()) -> None:
    """Add rows. ``replacing``: set these fields where the key is taken."""
    values = list(rows)
    if not values:
        return
    with peewee.__exception_wrapper__:
        node = database.node
        sql = _inserting(model, tuple(replacing), node.param)  # type: ignore[arg-type]
        node.cursor().executemany(sql, values)


@cache
def _inserting(model: type[Base], replacing: tuple[str, ...], param: str) -> str:
    fields = model._meta.sorted_fields
    columns = ", ".join(f'"{field.column_name}"' for field in fields)
    places = ", ".join([param] * len(fields))
    sql = f'INSERT INTO "{model._meta.table_name}" ({columns}) VALUES ({places})'  # noqa: S608 -- our own names
    if replacing:
        new = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in replacing)
        sql += f' ON CONFLICT ("{model._meta.primary_key.column_name}") DO UPDATE SET {new}'
    return sql
