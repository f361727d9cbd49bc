"""A network as a matrix: a row and a column for each node, in their order, weights in the cells.

CSV (RFC 4180) in UTF-8 with a byte order mark, texts and numbers as in `service.exports.csv_zip`. The first
row and the first column hold labels, as spreadsheets, R and Gephi's matrix import have them; where two nodes
would be called the same, labels are followed by ids.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from service.exports.csv_zip import cell
from service.exports.graphs import Node
from service.exports.rows import Memo, chunks, number


def write(
    rows: Sequence[Node], columns: Sequence[Node], weights: Iterable[Sequence[float]]
) -> Iterator[bytes]:
    """The matrix of ``weights``, which come row by row and in the order of the columns."""
    titles = _titles([*rows, *columns])
    yield f"\ufeff{','.join(['', *(titles[node.id] for node in columns)])}\r\n".encode()
    numbers = Memo(number)
    for node, line in zip(rows, weights, strict=True):
        yield f"{','.join([titles[node.id], *(numbers[weight] for weight in line)])}\r\n".encode()


def _titles(nodes: Iterable[Node]) -> dict[str, str]:
    """By id, what to call each node so that no two are called the same, as a cell."""
    labels = {node.id: node.label for node in nodes}
    plain = {id: cell(label) for id, label in labels.items()}
    full = {id: cell(f"{label} ({id})") for id, label in labels.items()}
    times = Counter(plain.values())
    titles = {id: plain[id] if times[plain[id]] == 1 else full[id] for id in labels}
    # One may be called what another is only now: "A (b)", where "b" is one of two called "A".
    return titles if len(set(titles.values())) == len(titles) else full


def table(columns: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> Iterator[bytes]:
    """Rows of texts and numbers under the names of their columns; an empty cell where there is no value."""
    yield f"\ufeff{','.join(map(cell, columns))}\r\n".encode()
    yield from chunks(f"{','.join(map(_value, row))}\r\n" for row in rows)


def _value(value: str | float | None) -> str:
    if value is None:
        return ""
    return cell(value) if isinstance(value, str) else str(value)
