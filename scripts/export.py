"""``parley export graph`` and ``parley export records``"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from schemas.vocabulary import DRAWN, KINDS
from scripts.arguments import Id, Moment, Words
from scripts.files import STANDARD_OUTPUT, counted, watched, written
from scripts.store import opened
from service.exports.formats import FORMATS
from service.exports.graphs import EdgeValues, Graph, NodeValues, Write
from service.questions.asking import Span
from service.questions.exporting import exported, exported_revisions, how_many
from service.questions.graphs import GraphQuestion, drawn, size


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
    with written(to, force) as stream:
        # Asked first of all: what is not there is refused before a byte is written.
        chunks = drawn(question, span)
        with watched("Writing", lambda: size(question, span)) as advance:
            stream.writelines(chunks(_counting(format.write, advance)))
    if to != STANDARD_OUTPUT:
        click.echo(to)


def _counting(write: Write, advance: Callable[[int], object]) -> Write:
    def counting(graph: Graph, nodes: Iterable[NodeValues], edges: Iterable[EdgeValues]) -> Iterator[bytes]:
        return write(graph, counted(nodes, advance), counted(edges, advance))

    return counting


@command.command("records")
@click.argument("file", type=str)
@click.option("--revisions", is_flag=True, help="Every revision, oldest first, and not only what is current.")
@click.option("--known-at", type=Moment("microsecond"), help="As it would have been at that instant.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def records(file: str, revisions: bool, known_at: int | None, force: bool) -> None:
    """Write all records to FILE (- for standard output), one a line, as GET /v1/export gives them.

    parley import takes it into an empty store, and makes that the same as this one.
    """
    opened(mapped=False)
    with written(file, force) as stream:
        lines = exported_revisions(known_at) if revisions else exported(known_at=known_at)
        with watched("Writing", lambda: how_many(known_at, revisions)) as advance:
            for part in lines:
                stream.write(part)
                advance(part.count(b"\n"))
    if file != STANDARD_OUTPUT:
        click.echo(file)
