"""The second time over: references are resolved and checked, as the store is after all the changes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from schemas.vocabulary import REFERENCES
from service.diplomacy import documents, faults, stances
from service.diplomacy.documents import Document, Edge
from service.errors import Conflict, Fault
from service.recording.run import Run, Scaled, Staged
from service.recording.stating import Stated, stated
from service.storage import search, standing, writing
from service.storage.rows import Row
from service.storage.writing import Known

BELOW = {kind for kind, references in REFERENCES.items() for one in references if one.path == "parent"}
"""The kinds of record that may be a part of another."""
MOST_NAMES = 20_000
"""How many records are remembered between batches, by their ids."""


class Named(NamedTuple):
    """What a reference leads to."""

    key: int
    id: str
    kind: str
    labels: Mapping[int, str]
    """Of an issue: its scale."""


class Names:
    """What ids stand for, looked up once: nothing changes it any more."""

    def __init__(self, run: Run, store: Mapping[str, Known]) -> None:
        self._run = run
        self._found: dict[str, Named | None] = {}
        self._take(store)

    def look_up(self, ids: Iterable[str]) -> None:
        if len(self._found) > MOST_NAMES:
            self._found.clear()
        if wanted := set(ids) - self._found.keys():
            self._take(writing.known(wanted))
            self._found.update(dict.fromkeys(wanted - self._found.keys()))

    def get(self, id: str) -> Named | None:
        return self._found.get(id)

    def forget(self, ids: Iterable[str]) -> None:
        for id in ids:
            self._found.pop(id, None)

    def leads(self, id: str, kinds: Sequence[str]) -> bool:
        """Whether it is the id of a record of one of these kinds, and of one that was not merged."""
        found = self._found.get(id)
        return found is not None and found.id == id and found.kind in kinds

    def key_of(self, id: str) -> int | None:
        found = self._found.get(id)
        return found.key if found else None

    @property
    def restoring(self) -> bool:
        """Whether merges come as they were made elsewhere, where they were let in."""
        return bool(self._run.stubs)

    def kind_of(self, id: str) -> str | None:
        found = self._found.get(id)
        if found or self._run.partial:
            return found.kind if found else None
        return self._run.refused.ids.get(id)

    def labels_of(self, id: str) -> Mapping[int, str] | None:
        """The scale of an issue, None where there is none or it is not known what it will be."""
        found = self._found.get(id)
        if not found or found.kind != "issue" or (id in self._run.refused.ids and not self._run.partial):
            return None
        return found.labels

    def _take(self, store: Mapping[str, Known]) -> None:
        merged = {known.merged_into for known in store.values() if known.merged_into}
        targets = {**store, **(writing.known(merged - store.keys()) if merged - store.keys() else {})}
        for id, known in store.items():
            target = targets[known.merged_into] if known.merged_into else known
            # Also by its own id, which is what a document that names it then reads.
            self._found[id] = self._found[target.id] = None if target.revision is None else _named(target)


def _named(known: Known) -> Named:
    scale = stances.scale_of(orjson.loads(known.document)).labels if known.kind == "issue" else {}
    return Named(known.key, known.id, known.kind, scale)


def link_stubs(run: Run, names: Names) -> None:
    """Lead the ids of restored merged records to what they became, before anything is looked up by them."""
    ends = {id: _end(id, run.stubs) for id in run.stubs}
    names.look_up(ends.values())
    rows = []
    for id, item in run.stubs.items():
        target = names.get(ends[id])
        if target is None or target.kind != item.kind:
            wanted = f"must lead to the id of {faults.article(item.kind)} that was not merged"
            run.refused.add(item.number, [Fault("/merged_into", wanted)])
            continue
        link = Edge("merged-into", id, target.id, *documents.ALWAYS)
        rows.append(writing.edge_row(item, 0, link, item.key, target.key))
    writing.add_edges(rows)
    names.forget(run.stubs)


def _end(id: str, stubs: Mapping[str, Staged]) -> str:
    """Where a merged record leads at last. In a circle: to one that is in it."""
    seen: set[str] = set()
    while id in stubs and id not in seen:
        seen.add(id)
        id = stubs[id].document["merged_into"]
    return id


def link(run: Run, staged: Sequence[Staged], names: Names) -> None:
    """Check what the revisions refer to, and write what they state."""
    run.deleted += [item for item in staged if item.action == "deleted"]
    left = [(item, item.stated or stated(item.document)) for item in staged if not item.gone]
    names.look_up({id for _, said in left for id, _ in said.refers})
    rows: list[Row] = []
    for item, said in left:
        found: list[Fault] = []
        edges: Sequence[tuple[Any, ...]] = said.edges
        if not _sound(said, names):
            meant, found = _meant(item.document, names)
            edges = documents.edges(meant)
        if found:
            run.refused.add(item.number, found)
            run.refused.keys += [item.key] if item.replaced is None else []
        elif item.kind in BELOW and item.document.get("parent"):
            run.below.append((item.number, item.key))
        if item.replaced and item.kind == "issue":
            run.scaled.append(Scaled(item, stances.scale_of(item.document).labels))
        rows += _edge_rows(item, edges, names)
    writing.add_edges(rows)
    for item in staged:
        if item.replaced:
            writing.end_edges([item.replaced], item.seq)
    if not run.refused.numbers:
        _index(staged, left)


def look_over(run: Run, names: Names) -> None:
    """What is wrong with the references of documents that are refused already: told with the rest."""
    for number, document in run.refused.documents:
        names.look_up({found.value for found, _ in documents.references(document)})
        _, found = _meant(document, names)
        run.refused.add(number, found)


def _sound(said: Stated, names: Names) -> bool:
    """Whether each reference leads to a current record of the right kind, and each stance is on its scale."""
    for id, kinds in said.refers:
        if not names.leads(id, kinds):
            return False
    for issue, stance in said.stances:
        labels = names.labels_of(issue)
        if labels is not None and stance not in labels:
            return False
    return True


def _meant(document: Document, names: Names) -> tuple[Document, list[Fault]]:
    """The document with the ids of the records that its references lead to; and what is wrong with them."""
    referred = documents.references(document)
    wrong = [
        *faults.reference_faults(referred, names.kind_of),
        *faults.stance_faults(document, names.labels_of),
    ]
    merged = {
        found.value: name.id
        for found, _ in referred
        if (name := names.get(found.value)) and name.id != found.value
    }
    meant = documents.renamed(document, merged) if merged else document
    if merged and not names.restoring:
        # Two ids may be of one record by now: what the document then says twice it may not say.
        wrong = [*faults.own_faults(meant), *wrong]
    return meant, faults.distinct(wrong)


def _edge_rows(item: Staged, edges: Sequence[tuple[Any, ...]], names: Names) -> Iterator[Row]:
    for ordinal, edge in enumerate(edges):
        _, tail_id, head_id, *_ = edge
        tail = item.key if tail_id == item.id else names.key_of(tail_id)
        head = item.key if head_id == item.id else names.key_of(head_id)
        if tail is None or head is None:
            continue  # It is refused.
        yield writing.edge_row(item, ordinal, edge, tail, head)


def _index(staged: Sequence[Staged], left: Sequence[tuple[Staged, Stated]]) -> None:
    if replaced := [item.key for item in staged if item.replaced]:
        search.forget(replaced)
    last = {item.key: item.seq for item in staged}
    search.learn((item.key, *said.words) for item, said in left if last[item.key] == item.seq)


def finish(run: Run) -> None:
    """Check what only shows when all edges are there: deletions, scales, parents."""
    for item in run.deleted:
        if found := standing.referrers(item.key):
            error = Conflict(f"{item.kind} {item.id!r} is referred to and cannot be deleted.", found)
            run.refused.add_error(item.number, error)
    for item, labels in run.scaled:
        lost = {stance: id for stance, id in standing.stances_on(item.key).items() if stance not in labels}
        if lost:
            values = ", ".join(map(str, sorted(lost)))
            error = Conflict(
                f"The scale of issue {item.id!r} must keep the stances that are taken on it: {values}.",
                [{"id": id, "stance": str(stance)} for stance, id in sorted(lost.items())],
            )
            run.refused.add_error(item.number, error)
    sound: set[int] = set()
    for number, key in run.below:
        if circular(key, sound):
            run.refused.add(number, [Fault("/parent", "is, at some remove, a part of this record")])


def circular(key: int, sound: set[int]) -> bool:
    """Whether an issue or a track is, at some remove, part of itself. ``sound`` gathers what is not."""
    seen: set[int] = set()
    above: int | None = key
    while above is not None and above not in seen and above not in sound:
        seen.add(above)
        above = standing.parent(above)
    if above in seen:
        return True
    sound |= seen
    return False


def dependents(run: Run) -> None:
    """Refuse what refers to new records that are refused, at any remove."""
    seen, waiting = set(run.refused.keys), run.refused.keys
    while waiting:
        found = [item for item in standing.referring(waiting) if item.key not in seen]
        for item in found:
            number = run.numbers[item.seq - run.start - 1]
            run.refused.add(number, [Fault("", "refers to what is left out")])
        waiting = [item.key for item in found if item.new]
        seen.update(waiting)
