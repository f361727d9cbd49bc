"""Two tables, nodes.csv and edges.csv, in one ZIP archive: for spreadsheets, and Gephi's import of them.

CSV is as RFC 4180 has it, in UTF-8 with a byte order mark: without one Excel takes the file for another
encoding; Gephi (since 0.9.3), LibreOffice and pandas pass over it. Columns have the names that Gephi knows:
Id, Label, Source, Target, Type (directed or not), Kind (the relation: it keeps parallel edges apart), Weight.

A text that starts with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return is written with an apostrophe
before it, or a spreadsheet would run it as a formula (OWASP, CSV injection). Numbers are no texts, and are
left as they are. What RFC 4180 has no place for is replaced, as `service.exports.characters` says.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator

from service.exports.characters import allowed
from service.exports.graphs import EdgeValues, Graph, NodeValues
from service.exports.rows import Memo, chunks, number

NODE_COLUMNS = ("Id", "Label", "Kind", "Type", "Status", "Start", "End")
EDGE_COLUMNS = (
    "Id",
    "Source",
    "Target",
    "Type",
    "Label",
    "Kind",
    "Weight",
    "Stance",
    "Status",
    "Role",
    "Firmness",
    "Record",
    "Start",
    "End",
)

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTED = re.compile(r'[",\r\n]')
_CHUNK = 64 * 1024
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d).*", re.ASCII | re.DOTALL)


class _Sink:
    """What a ZIP archive is written to: it cannot go back in it, and we take out what has come so far."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._parts.append(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return taken


def write(graph: Graph, nodes: Iterable[NodeValues], edges: Iterable[EdgeValues]) -> Iterator[bytes]:
    """The graph as a ZIP archive, whose files have the date on which the graph was modified."""
    sink = _Sink()
    tables = (
        ("nodes.csv", NODE_COLUMNS, _nodes(nodes)),
        ("edges.csv", EDGE_COLUMNS, _edges(edges, "Directed" if graph.directed else "Undirected")),
    )
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, columns, rows in tables:
            entry = zipfile.ZipInfo(name, _modified(graph))
            entry.compress_type = zipfile.ZIP_DEFLATED
            # How large it becomes is not known yet, and past 2 GiB an entry not declared so could not go on.
            with archive.open(entry, "w", force_zip64=True) as file:
                file.write(f"\ufeff{','.join(columns)}\r\n".encode())
                yield sink.take()
                for chunk in chunks(rows):
                    file.write(chunk)
                    if sink.size >= _CHUNK:
                        yield sink.take()
    yield sink.take()


def _modified(graph: Graph) -> tuple[int, int, int, int, int, int]:
    """The graph's date as ZIP writes it, which begins in 1980 and ends in 2107."""
    found = _DATE.fullmatch(graph.modified)
    year, month, day = (int(part) for part in found.groups()) if found else (0, 0, 0)
    return (year, month, day, 0, 0, 0) if 1980 <= year <= 2107 else (1980, 1, 1, 0, 0, 0)


def _nodes(nodes: Iterable[NodeValues]) -> Iterator[str]:
    facts = Memo(_cells)
    for id, label, kind, type, status, start, end in nodes:
        yield f"{id},{cell(label)},{facts[kind, type, status, start, end]}\r\n"


def _edges(edges: Iterable[EdgeValues], directed: str) -> Iterator[str]:
    relations, weights, facts, times = Memo(_relation), Memo(number), Memo(_edge_facts), Memo(_cells)
    for id, tail, head, relation, weight, stance, status, role, firmness, record, start, end in edges:
        yield (
            f"{id},{tail},{head},{directed},{relations[relation]},{weights[weight]},"
            f"{facts[stance, status, role, firmness]},{record or ''},{times[start, end]}\r\n"
        )


def _relation(relation: str) -> str:
    return _cells((relation, relation))


def _edge_facts(facts: tuple[int | None, str | None, str | None, str | None]) -> str:
    stance, *others = facts
    return f"{'' if stance is None else stance},{_cells(others)}"


def _cells(texts: Iterable[str | None]) -> str:
    return ",".join("" if text is None else cell(text) for text in texts)


def cell(text: str) -> str:
    """The text as a cell, without what XML forbids.

    >>> cell("=1,5")
    '"\\'=1,5"'
    """
    return harmless(allowed(text))


def harmless(text: str) -> str:
    """Allowed text as a cell: never a formula, and quoted where it has to be."""
    if text.startswith(_FORMULA):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
