"""The graph, ready to be drawn in another tool: records as nodes, what they state of each other as edges."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import orjson

from schemas.vocabulary import KINDS
from service.diplomacy import dates, documents, revisions
from service.diplomacy.dates import Bounds
from service.errors import NotFound
from service.exports.graphs import EdgeValues, Graph, NodeValues, Write
from service.exports.rows import Memo
from service.questions.asking import Span, as_asked, named, resolved_ids, revision_at, state
from service.storage import graph, records
from service.storage.database import reading
from service.storage.graph import Selection

TITLE = "Parley"


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

    What is returned reads the store as it writes, as it was when this was asked, and holds no more of it than
    a row, but for the numbers of what names a record or is around it; the first piece of the file comes
    before the first row is read.
    """
    with reading():
        at, then = revision_at(span.known_at), state()
        selection = _selection(asked, span, at)

    def write(writer: Write) -> Iterator[bytes]:
        with reading():
            still = as_asked(at, then)
            about = Graph(TITLE, modified=revisions.instant(records.recorded_at(still))[:10])
            yield from writer(about, _nodes(selection, still), _edges(selection, still))

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
    selection = Selection(asked.kinds, asked.relations, span.window)
    if keys:
        stating = [graph.involving(some, at) for some in keys.values()]
        selection = selection._replace(stating=set.intersection(*stating))
    if not asked.around:
        return selection
    found = resolved.get(asked.around)
    if found is None:
        raise NotFound(f"There is no record {asked.around!r}.")
    centre = named(found.kind, asked.around, resolved, at)
    return selection._replace(near=graph.around(centre, asked.hops, selection, at))


def _nodes(selection: Selection, at: int | None) -> Iterator[NodeValues]:
    written = Memo(_written)
    for id, label, document, kind, type, status, earliest, latest in graph.nodes(selection, at):
        start, end = written[earliest, latest]
        yield id, label or _label(document), kind, type, status, start, end


def _label(document: bytes | None) -> str:
    return documents.label(orjson.loads(document or b""))


def _edges(selection: Selection, at: int | None) -> Iterator[EdgeValues]:
    carried, written, rows = Memo(_carried), Memo(_written), graph.edges(selection, at)
    for id, tail, head, relation, stance, status, attributes, record, earliest, latest in rows:
        role, firmness = carried[attributes]
        start, end = written[earliest, latest]
        yield id, tail, head, relation, 1.0, stance, status, role, firmness, record, start, end


def _carried(attributes: str | None) -> tuple[str | None, str | None]:
    """What the edge says of a role, a post or a clause, and of firmness."""
    carried = orjson.loads(attributes) if attributes else {}
    return carried.get("role") or carried.get("post") or carried.get("key"), carried.get("firmness")


def _written(interval: tuple[int, int]) -> tuple[str | None, str | None]:
    return dates.rendered(Bounds(*interval))
