"""What every question about the past shares: which rows were knowledge when, and the order of pages.

Throughout, ``at`` is the number of a revision, or None for what is current.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import add, and_, or_
from typing import Any, NamedTuple

from peewee import SQL, Select, fn

from schemas.vocabulary import GONE, POSITIONS, REFERENCES, RELATIONS
from service.storage.database import database
from service.storage.models import Revision

Key = tuple[Any, ...]
"""The values of a row in the columns that a page is ordered by."""

_UNDATED = 2**62
"""The bound of an unknown or open end (``service.diplomacy.dates.END``)."""

_DAY, _MONTH = 86_400, 32 * 86_400
"""Seconds, as the indexes of what lasts longer have them."""

_INCOMING = {
    relation
    for references in REFERENCES.values()
    for one in references
    if one.incoming
    for relation in one.relations
}
"""Relations from a record that a document names; of all others the tail is the document's own."""


def _codes(relations: Iterable[str]) -> list[Any]:
    return [SQL(str(code)) for code in sorted(RELATIONS[one] for one in relations)]


# In the text, as migration 0006 has them: there an index's own condition is found.
_TAIL_NAMED = _codes({*_INCOMING, "merged-into"})
_HEAD_OWN = _codes(_INCOMING - {*POSITIONS})


class Window(NamedTuple):
    """Bounds on a record's dates, in seconds; None leaves a side open.

    ``since`` and ``until`` keep what may have been inside; ``as_of`` keeps what was over by then, or had
    begun where no end is known.
    """

    since: int | None = None
    until: int | None = None
    as_of: int | None = None


def holds(edge: Any, at: int | None) -> Any:
    """The condition that an edge is knowledge at ``at``."""
    if at is None:
        return edge.until.is_null()
    return (edge.since <= at) & (edge.until.is_null() | (edge.until > at))


def by_tail(edge: Any) -> Any:
    """The condition that an index has the edge by its tail: said wherever one is looked for by it.

    Of an end that is the record which states the edge there is no index. What a record states is found by
    the revision that it is (``current``). A merged record, which states nothing else, is one by its tail.
    """
    return reduce(or_, (edge.relation == code for code in _TAIL_NAMED))


def by_head(edge: Any) -> Any:
    """The same of its head. Of a position, whose ends are an actor and an issue, both hold."""
    return reduce(and_, (edge.relation != code for code in _HEAD_OWN))


def naming(edge: Any, keys: Sequence[int]) -> Any:
    """The condition that an edge leads to or from one of these records because a document names it."""
    tail, head = by_tail(edge) & among(edge.tail, keys), by_head(edge) & among(edge.head, keys)
    return tail | head


def current(record: Any, revision: Any, at: int | None) -> Any:
    """The condition that ``revision`` is what ``record`` is at ``at``, and that it exists then."""
    if at is None:
        return revision.seq == record.revision
    newest = Revision.alias("newest")
    last = newest.select(fn.MAX(newest.seq)).where((newest.record == record.key) & (newest.seq <= at))
    return (revision.seq == last) & revision.action.not_in(GONE)


def named_then(record: Any, revision: Any, at: int | None) -> Any:
    """The same of a record that something names at ``at``: it exists, and is as it was first known at least.

    In a store that an export of records was restored into, a record that was amended is younger than what
    had named it before.
    """
    if at is None:
        return current(record, revision, at)
    known = Revision.alias("known")
    its = known.select().where(known.record == record.key)
    last, first = its.where(known.seq <= at).select(fn.MAX(known.seq)), its.select(fn.MIN(known.seq))
    return (revision.seq == fn.COALESCE(last, first)) & revision.action.not_in(GONE)


def merged(edge: Any, at: int | None) -> Any:
    """The condition that ``edge`` says what its tail had been merged into at ``at``."""
    return by_tail(edge) & (edge.relation == "merged-into") & holds(edge, at)


def within(table: Any, window: Window) -> Iterator[Any]:
    """The conditions that a row's dates are in ``window``. An undated row is in no window."""
    if window.since is not None:
        yield (table.latest >= window.since) & (table.earliest < _UNDATED)
    if window.until is not None:
        yield table.earliest <= window.until
    if window.as_of is not None:
        over, open_ended = table.latest <= window.as_of, table.latest == _UNDATED
        yield (table.earliest <= window.as_of) & (over | open_ended)


def ways(table: Any, window: Window) -> Iterator[list[Any]]:
    """``within`` as conditions of which a row meets one set at most, each read from an index in order.

    What began since is a range. What had begun, and was not over, lies no further back than it lasted: of
    what lasts longer than a day, and than a month, there is an index each (migration 0003).
    """
    if window.since is None:
        yield [*within(table, window)]
        return
    rest = [*within(table, window._replace(since=None))]
    yield [table.earliest >= window.since, table.earliest < _UNDATED, *rest]
    begun = [table.earliest < window.since, table.latest >= window.since, *rest]
    day, month = SQL(str(_DAY)), SQL(str(_MONTH))  # In the text, where an index's own condition is found.
    longer_than_a_day = table.latest >= table.earliest + day
    yield [table.latest < table.earliest + day, table.earliest > window.since - _DAY, *begun]
    less_than_a_month = table.latest < table.earliest + month
    yield [longer_than_a_day, less_than_a_month, table.earliest > window.since - _MONTH, *begun]
    yield [table.latest >= table.earliest + month, *begun]


def among(column: Any, keys: Sequence[int]) -> Any:
    """The condition that a column has one of the keys, said of one as an index likes it best."""
    return column == keys[0] if len(keys) == 1 else column.in_(keys)


def beyond(columns: Sequence[Any], after: Key) -> Any:
    """The condition that a row comes after ``after`` in the order of ``columns``, as an index can use it."""
    condition = columns[-1] > after[-1]
    for column, value in list(zip(columns, after, strict=True))[-2::-1]:
        condition = (column > value) | ((column == value) & condition)
    return (columns[0] >= after[0]) & condition


def first_of(streams: Sequence[Any], order: Sequence[str], limit: int, *, apart: bool) -> Any:
    """The first ``limit`` rows of several selections, as one, in the order of these of their columns.

    Each selection is read from an index in that order, and no further than the rows go. ``apart``: no row is
    in two of them.
    """
    sort = [SQL(name) for name in order]
    if len(streams) == 1:
        (merged,) = streams
    elif database.MERGES:
        merged = reduce(add if apart else or_, streams)
    else:
        ordered = (stream.order_by(*sort).limit(limit).alias("part") for stream in streams)
        merged = reduce(add, (Select((part,), (SQL("*"),)) for part in ordered))
        if not apart:
            merged = Select((merged.alias("parts"),), (SQL("*"),)).distinct()
    return merged.order_by(*sort).limit(limit).alias("page")
