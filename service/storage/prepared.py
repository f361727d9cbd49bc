"""Queries that are put into SQL once: peewee takes several times as long for it as a database to answer."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, wraps
from itertools import count
from typing import Any, NamedTuple, ParamSpec, TypeVar

import peewee

from service.storage.database import database

P = ParamSpec("P")
Value = TypeVar("Value")

Rows = list[tuple[Any, ...]]

_PLAIN = {str, int}

MOST = 256
"""How many shapes of one query are known at a time: lists of ids come in many lengths."""


class _Place(NamedTuple):
    """Where in the SQL the value of this number goes."""

    number: int


def prepared(written: Callable[P, Any]) -> Callable[P, Rows]:
    """Give the rows of the query that ``written`` returns, as the database has them: codes for words.

    One that writes gives none. Of its arguments, those by position are what the query is made of, and
    hashable. Those by name are the values in it: numbers, strings, None, tuples and named tuples of them. It
    sees of these only which are None and how long tuples are; for the rest it is given what stands for a
    value in peewee's expressions.
    """
    return _asking(written, True)


def planned_anew(written: Callable[P, Any]) -> Callable[P, Rows]:
    """The same of a query that is best read in one way for some values, and in another for others."""
    return _asking(written, False)


def _asking(written: Callable[P, Any], keep: bool) -> Callable[P, Rows]:
    @lru_cache(MOST)
    def in_sql(
        _: str, made_of: tuple[Any, ...], names: tuple[str, ...], shapes: Any
    ) -> tuple[str, Sequence[Any], bool]:
        values = dict(zip(names, _places(shapes, count()), strict=True))
        query = written(*made_of, **values)
        sql, parameters = database.get_sql_context().sql(query).query()
        return *database.spelled(sql, parameters), isinstance(query, peewee.SelectBase)

    @wraps(written)
    def rows(*made_of: P.args, **values: P.kwargs) -> Rows:
        found: list[Any] = []
        shapes = tuple([_shape(value, found) for value in values.values()])
        node = database.node
        sql, parameters, selects = in_sql(type(node).__name__, made_of, tuple(values), shapes)
        bound = [found[one.number] if type(one) is _Place else one for one in parameters]
        with peewee.__exception_wrapper__:
            cursor = node.ask(sql, bound, keep)
            return cursor.fetchall() if selects else []

    return rows


def padded(values: Sequence[Value]) -> tuple[Value, ...]:
    """The values for a list in which it does no harm to name one twice: fewer lengths, so fewer shapes."""
    many = 1 << (len(values) - 1).bit_length()
    return (*values, *[*values[-1:]] * (many - len(values)))


def _shape(value: Any, found: list[Any]) -> Any:
    """What of a value shows in the SQL; the rest of it is added to ``found``."""
    if value is None:
        return None
    if isinstance(value, tuple):
        if {*map(type, value)} <= _PLAIN:  # As lists of ids are, which are long.
            found.extend(value)
            return type(value), (True,) * len(value)
        return type(value), tuple([_shape(one, found) for one in value])
    found.append(value)
    return True


def _places(shapes: Any, numbers: Iterator[int]) -> list[Any]:
    """What stands for values of these shapes."""
    places: list[Any] = []
    for shape in shapes:
        if shape is None:
            places.append(None)
        elif shape is True:
            places.append(peewee.Value(_Place(next(numbers)), converter=False, unpack=False))
        else:
            kind, inner = shape
            made = _places(inner, numbers)
            places.append(kind._make(made) if hasattr(kind, "_make") else tuple(made))
    return places
