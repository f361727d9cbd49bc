"""The graph, ready to be drawn in another tool: records as nodes, what they state of each other as edges."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import orjson

from schemas.vocabulary import KINDS
from service.diplomacy import dates, documents, revisions
from service.diplomacy.dates import UNDATED, Bounds
from service.errors import NotFound
from service.exports.graphs import Edge, Graph, Node, Write
from service.questions.asking import Span, named, resolved_ids, revision_at
from service.storage import graph, records
from service.storage.database import reading
from service.storage.graph import NodeRow, Selection

TITLE = "Parley"
_NOTHING = (None, None)


class GraphQuestion(NamedTuple):
    """What part of the graph is asked for; what is left empty leaves nothing out.

    ``actor``, ``issue`` and ``track`` keep what records that name it state (a track: or a sub-track of it);
    ``around`` keeps what is within ``hops`` edges of a record.
    """

    kinds: Sequence[str] = tuple(KINDS)
    relations: Sequence[str] = ()
    actor: str | None = None
    issue: str | None = None
    track: str | None = None
    around: str | None = None
    hops: int = 1


def drawn(asked: GraphQuestion, span: Span) -> Callable[[Write], Iterator[bytes]]:
    """The graph, to be written in a format. Raises NotFound for a record that is not there.

    What is returned reads the store as it writes, in one read transaction, and holds no more of it than a
    row; the first piece of the file comes before the first row is read.
    """
    with reading():
        at = revision_at(span.known_at)
        selection = _selection(asked, span, at)
        modified = records.recorded_at(at)

    def write(writer: Write) -> Iterator[bytes]:
        about = Graph(TITLE, modified=revisions.instant(modified)[:10])
        with reading():
            yield from writer(about, _nodes(selection, at), _edges(selection, at))

    return write


def size(asked: GraphQuestion, span: Span) -> int:
    """How many nodes and edges the graph has, together."""
    with reading():
        at = revision_at(span.known_at)
        return graph.size(_selection(asked, span, at), at)


def _selection(asked: GraphQuestion, span: Span, at: int | None) -> Selection:
    given = {kind: id for kind in ("actor", "issue", "track") if (id := getattr(asked, kind))}
    resolved = resolved_ids([*given.values(), *([asked.around] if asked.around else [])], at)
    keys: dict[str, Sequence[int]] = {k: (named(k, id, resolved, at),) for k, id in given.items()}
    if "track" in keys:
        keys["track"] = records.descendants(keys["track"][0], at)
    around = None
    if asked.around:
        found = resolved.get(asked.around)
        if found is None:
            raise NotFound(f"There is no record {asked.around!r}.")
        around = named(found.kind, asked.around, resolved, at)
    return Selection(asked.kinds, asked.relations, tuple(keys.values()), span.window, around, asked.hops)


def _nodes(selection: Selection, at: int | None) -> Iterator[Node]:
    for row in graph.nodes(selection, at):
        yield Node(row.id, _label(row), row.kind, row.type, row.status, *_written(row.earliest, row.latest))


def _label(row: NodeRow) -> str:
    return row.label or documents.label(orjson.loads(row.document or b""))


def _edges(selection: Selection, at: int | None) -> Iterator[Edge]:
    for (
        revision,
        ordinal,
        relation,
        tail,
        head,
        record,
        earliest,
        latest,
        stance,
        status,
        attributes,
    ) in graph.edges(selection, at):
        role, firmness = _carried(attributes) if attributes else _NOTHING
        start, end = _written(earliest, latest)
        id = f"{revision}-{ordinal}"
        yield Edge(id, tail, head, relation, 1.0, stance, status, role, firmness, record, start, end)


@lru_cache(maxsize=1 << 12)
def _carried(attributes: str) -> tuple[str | None, str | None]:
    """What the edge says of a role, a post or a clause, and of firmness."""
    carried = orjson.loads(attributes)
    return carried.get("role") or carried.get("post") or carried.get("key"), carried.get("firmness")


@lru_cache(maxsize=1 << 14)
def _written(earliest: int, latest: int) -> tuple[str | None, str | None]:
    bounds = Bounds(earliest, latest)
    return (None, None) if bounds == UNDATED else dates.rendered(bounds)
