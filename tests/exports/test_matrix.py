"""The matrix, and tables of numbers: read back by a CSV reader, whatever the labels hold."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.exports import matrix_csv
from service.exports.graphs import Node
from tests.exports.reading import cell


def rows(chunks: Iterator[bytes]) -> list[list[str]]:
    document = b"".join(chunks)
    assert document.startswith(b"\xef\xbb\xbf")
    assert document.endswith(b"\r\n")
    return list(csv.reader(io.StringIO(document.decode("utf-8-sig"), newline=""), strict=True))


def nodes(*labels: str) -> list[Node]:
    return [Node(f"n{number}", label, "actor") for number, label in enumerate(labels)]


def test_one_mode() -> None:
    both = nodes("Ann", 'Bob, "the builder"')
    assert rows(matrix_csv.write(both, both, [[0, 0.1], [-3, 0]])) == [
        ["", "Ann", 'Bob, "the builder"'],
        ["Ann", "0.0", "0.1"],
        ['Bob, "the builder"', "-3.0", "0.0"],
    ]


def test_two_mode() -> None:
    actors, issues = nodes("Ann", "Bob"), [Node("peace", "Peace", "issue")]
    assert rows(matrix_csv.write(actors, issues, [[1], [2]])) == [
        ["", "Peace"],
        ["Ann", "1.0"],
        ["Bob", "2.0"],
    ]


def test_nobody() -> None:
    assert rows(matrix_csv.write([], [], [])) == [[]]  # A line of one empty cell.


def test_namesakes_are_told_apart() -> None:
    actors, issues = nodes("Ann", "Ann", "Peace"), [Node("peace", "Peace", "issue")]
    assert [row[0] for row in rows(matrix_csv.write(actors, issues, [[0], [0], [0]]))] == [
        "", "Ann (n0)", "Ann (n1)", "Peace (n2)",
    ]  # fmt: skip


@pytest.mark.parametrize("labels", [("A", "A", "A (n0)"), ("=B", "'=B"), ("\x00", "\ufffd")])
def test_no_two_are_called_the_same_as_they_are_written(labels: tuple[str, ...]) -> None:
    both, size = nodes(*labels), len(labels)
    (head, *lines) = rows(matrix_csv.write(both, both, [[0] * size] * size))
    assert head[1:] == [line[0] for line in lines]
    assert len(set(head[1:])) == size


@pytest.mark.parametrize("label", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", '=HYPERLINK("x")'])
def test_a_label_is_no_formula(label: str) -> None:
    (head, line) = rows(matrix_csv.write(nodes(label), nodes(label), [[-1]]))
    assert head[1] == line[0] == f"'{label}"
    assert line[1] == "-1.0"  # A number is none either.


@given(st.lists(st.text(), max_size=4))
def test_any_text(labels: list[str]) -> None:
    # Lone surrogates and control characters too, which the reader of the other CSV files knows how to expect.
    found = nodes(*labels)
    table = rows(matrix_csv.write(found, found, [[0.5] * len(found)] * len(found)))
    expected = [
        cell(node.label if labels.count(node.label) == 1 else f"{node.label} ({node.id})") for node in found
    ]
    assert table[0][1:] == [row[0] for row in table[1:]] == expected
    assert all(row[1:] == ["0.5"] * len(found) for row in table[1:])


def test_a_table() -> None:
    written = matrix_csv.table(("Id", "Value"), [("=a", -1), ("b", None), ("c,\n", 0.1), (None, 2)])
    assert rows(written) == [["Id", "Value"], ["'=a", "-1"], ["b", ""], ["c,\n", "0.1"], ["", "2"]]
