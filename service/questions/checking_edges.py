"""The edges that are stored, beside those that the documents state."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import orjson

from schemas.vocabulary import POSITIONS
from service.diplomacy import documents
from service.diplomacy.documents import ALWAYS, Document, Edge
from service.storage import auditing, records
from service.storage.auditing import Drawn, Row

_SAID = ("relation", "tail", "head", "earliest", "latest", "stance", "status", "place", "attributes")
_Said = tuple[Any, ...]
"""What an edge says, in the order of ``_SAID``; its ends are keys."""


def differences(
    stated: Sequence[tuple[Row, Document]], drawn: Mapping[int, Sequence[Drawn]]
) -> Iterator[tuple[Row, str]]:
    """Where the edges of a revision are not those of its document, or not known for as long as it was.

    ``drawn`` has each revision's edges in the order of the table's key. Merges since then are taken
    into account: documents go on naming what was merged.
    """
    every = [edge for row, _ in stated for edge in drawn.get(row.seq, ())]
    names = _Names(stated, every)
    merges = auditing.merges({edge.since for edge in every if edge.since != edge.revision})
    for row, document in stated:
        edges = drawn.get(row.seq, ())
        by_ordinal = {number: list(same) for number, same in groupby(edges, lambda edge: edge.ordinal)}
        for number, same in by_ordinal.items():
            for what in _span_faults(row, same, merges):
                yield row, f"edge {number} ({same[0].relation}) {what}"
        last = {number: same[-1] for number, same in by_ordinal.items()}
        for what in _content_faults(row, document, last, names):
            yield row, what


class _Names:
    """What the ids and keys in a batch stand for by now."""

    def __init__(self, stated: Sequence[tuple[Row, Document]], drawn: Sequence[Drawn]) -> None:
        ids = {str(row.id) for row, _ in stated}
        for row, document in stated:
            if row.action == "merged":
                ids.add(document["merged_into"])
            elif row.action != "deleted":
                ids |= {found.value for found, _ in documents.references(document)}
        ids |= {id for edge in drawn if (id := _attributes(edge).get("on_behalf_of"))}
        self.merged: dict[str, str] = {}
        self.keys: dict[str, int] = {}
        for id, known in records.resolve(sorted(ids), None).items():
            self.keys[id] = known.key
            if known.merged_into:
                self.merged[id] = known.merged_into
                self.keys[known.merged_into] = known.key
        ends = {key for edge in drawn for key in (edge.tail, edge.head)} | {row.key for row, _ in stated}
        self.finals = auditing.finals(sorted(ends))


def _attributes(edge: Drawn) -> dict[str, Any]:
    try:
        found: dict[str, Any] = orjson.loads(edge.attributes) if edge.attributes else {}
    except orjson.JSONDecodeError:
        return {"": edge.attributes}
    return found


def _span_faults(row: Row, edges: Sequence[Drawn], merges: set[int]) -> Iterator[str]:
    """``edges`` are one edge of the revision: as it was stated, and as each merge re-pointed it."""
    if edges[0].since != row.seq:
        yield f"is known since revision {edges[0].since}, which does not state it"
    for before, after in pairwise(edges):
        if before.until != after.since or after.since not in merges:
            yield f"was re-pointed at revision {after.since}, which is not the merge that ended it"
    if (until := edges[-1].until) != row.replaced_by:
        ended = f"was ended by revision {until}" if until else "is current"
        yield f"{ended}, its revision {f'by {row.replaced_by}' if row.replaced_by else 'is current'}"
    if any(edge.record != row.key for edge in edges):
        yield "is filed under another record"


def _content_faults(row: Row, document: Document, last: Mapping[int, Drawn], names: _Names) -> Iterator[str]:
    ended = row.replaced_by is not None
    own = names.finals.get(row.key, row.key) if ended else row.key
    finals = names.finals if ended else {}
    wanted = dict(enumerate(_wanted(edge, row.id, own, names.keys) for edge in _stated(row, document, names)))
    have = {number: _have(edge, finals, names.merged) for number, edge in last.items()}
    if ended and row.replaced_at == row.recorded_at:
        # What one call made and replaced may name what the same call deleted: then no edge was drawn.
        wanted = {number: said for number, said in wanted.items() if number in have}
    named = {row.id, *(found.value for found, _ in documents.references(document))}
    if named & names.merged.keys():
        # Two ids that are one by now may have been two edges; which number each had is not known any more.
        yield from _as_sets(wanted, have, ended)
        return
    for number in sorted(wanted.keys() | have.keys()):
        if number not in have:
            yield f"edge {number} ({wanted[number][0]}) is missing"
        elif number not in wanted:
            yield f"edge {number} ({have[number][0]}) is none that its document states"
        else:
            for name, is_, should in zip(_SAID, have[number], wanted[number], strict=True):
                if is_ != should:
                    yield f"edge {number} ({wanted[number][0]}) has {name} {is_!r}, should have {should!r}"


def _as_sets(wanted: Mapping[int, _Said], have: Mapping[int, _Said], ended: bool) -> Iterator[str]:
    sets = [set(map(_claimed_or_own, some.values()) if ended else some.values()) for some in (wanted, have)]
    for missing in sorted(sets[0] - sets[1], key=repr):
        yield f"an edge ({missing[0]}) is missing: {_shown(missing)}"
    for surplus in sorted(sets[1] - sets[0], key=repr):
        yield f"an edge ({surplus[0]}) is none that its document states: {_shown(surplus)}"


def _claimed_or_own(said: _Said) -> _Said:
    """A claim as a later merge would have made it: who claims and who is meant may be one by now."""
    return (POSITIONS[0], *said[1:]) if said[0] in POSITIONS else said


def _shown(said: _Said) -> str:
    return ", ".join(
        f"{name} {value!r}" for name, value in zip(_SAID, said, strict=True) if value is not None
    )


def _stated(row: Row, document: Document, names: _Names) -> list[Edge]:
    if row.action == "deleted":
        return []
    if row.action == "merged":
        return [Edge("merged-into", str(row.id), document["merged_into"], *ALWAYS)]
    return documents.edges(documents.renamed(document, names.merged))


def _wanted(edge: Edge, id: str | None, own: int, keys: Mapping[str, int]) -> _Said:
    tail, head = (own if end == id else keys.get(end) for end in (edge.tail, edge.head))
    attributes = orjson.dumps(edge.attributes).decode() if edge.attributes else None
    return edge.relation, tail, head, *edge[3:8], attributes


def _have(edge: Drawn, finals: Mapping[int, int], merged: Mapping[str, str]) -> _Said:
    attributes = _attributes(edge)
    if attributes.get("on_behalf_of") in merged:
        attributes["on_behalf_of"] = merged[attributes["on_behalf_of"]]
    return (
        edge.relation,
        finals.get(edge.tail, edge.tail),
        finals.get(edge.head, edge.head),
        edge.earliest,
        edge.latest,
        edge.stance,
        edge.status,
        edge.place,
        orjson.dumps(attributes).decode() if attributes else None,
    )
