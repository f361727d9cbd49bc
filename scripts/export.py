"""``parley export graph``"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from schemas.vocabulary import DRAWN, KINDS
from scripts.arguments import Id, Moment, Words
from scripts.store import opened
from service.errors import ParleyError
from service.exports.formats import FORMATS
from service.exports.graphs import EdgeValues, Graph, NodeValues, Write
from service.questions.asking import Span
from service.questions.graphs import GraphQuestion, drawn, size

STANDARD_OUTPUT = "-"

_Row = TypeVar("_Row")
_ROWS_AT_ONCE = 1_000


@click.group("export")
def command() -> None:
    """Write what the store holds to a file."""


@command.command("graph")
@click.option(
    "--format",
    "name",
    type=click.Choice(list(FORMATS)),
    default="gexf",
    show_default=True,
    help="File format.",
)
@click.option(
    "--output",
    metavar="FILE",
    help="Where to; - is standard output (default: parley-graph.EXTENSION, in this folder).",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--kinds", type=Words(tuple(KINDS)), help="Nodes of these kinds, and edges between them.")
@click.option(
    "--relations", type=Words(DRAWN), help="Edges of these relations, and the records at their ends."
)
@click.option("--actor", type=Id(), help="What records that name this actor state.")
@click.option("--issue", type=Id(), help="What records that name this issue state.")
@click.option("--track", type=Id(), help="What records of this track, or a sub-track of it, state.")
@click.option("--around", type=Id(), help="What is within some hops of this record.")
@click.option("--hops", type=click.IntRange(1, 3), default=1, show_default=True, help="How far that reaches.")
@click.option("--from", "since", type=Moment("earliest"), help="What may have been on that date or later.")
@click.option("--to", "until", type=Moment("latest"), help="What may have been on that date or before.")
@click.option("--as-of", type=Moment("latest"), help="How things stood at the end of that date.")
@click.option("--known-at", type=Moment("microsecond"), help="As it would have been at that instant.")
def graph(name: str, output: str | None, force: bool, **asked: Any) -> None:
    """Write the graph to a file, as GET /v1/graph gives it, and print the file's name.

    Lists are separated by commas. The file is there when it is whole, not before.
    """
    format = FORMATS[name]
    to = output or f"parley-graph.{format.extension}"
    span = Span(**{name: asked.pop(name) for name in Span._fields})
    question = GraphQuestion(**{name: value for name, value in asked.items() if value})
    opened(mapped=False)
    if to == STANDARD_OUTPUT:
        chunks = drawn(question, span)
        with _watched(question, span, format.write) as write:
            _write(chunks(write), sys.stdout.buffer)
        return
    file = Path(to)
    if file.exists() and not (force and file.is_file()):
        raise ParleyError(f"{to} is there already: --force writes over a file.")
    chunks = drawn(question, span)
    with _aside(file) as stream, _watched(question, span, format.write) as write:
        _write(chunks(write), stream)
    click.echo(to)


def _write(chunks: Iterator[bytes], stream: BinaryIO) -> None:
    for chunk in chunks:
        stream.write(chunk)
    stream.flush()


@contextmanager
def _aside(file: Path) -> Iterator[BinaryIO]:
    """A file beside ``file`` that takes its place when all is written, and is gone if not all was."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())  # or a power cut could leave the name with nothing behind it
        part.replace(file)
    except OSError as error:
        raise ParleyError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _watched(question: GraphQuestion, span: Span, write: Write) -> Iterator[Write]:
    """The writer, with a progress bar of the rows that it took where somebody is there to see it."""
    if not sys.stderr.isatty():
        yield write
        return
    # Not rich's, which takes 3 MiB: an export may have 40 MB in all.
    rows = size(question, span)
    with click.progressbar(length=rows, label="Writing", show_pos=True, file=sys.stderr) as bar:

        def counted(rows: Iterable[_Row]) -> Iterator[_Row]:
            number = 0
            for number, row in enumerate(rows, start=1):
                yield row
                if number % _ROWS_AT_ONCE == 0:
                    bar.update(_ROWS_AT_ONCE)
            bar.update(number % _ROWS_AT_ONCE)

        def watched(
            graph: Graph, nodes: Iterable[NodeValues], edges: Iterable[EdgeValues]
        ) -> Iterator[bytes]:
            return write(graph, counted(nodes), counted(edges))

        yield watched
