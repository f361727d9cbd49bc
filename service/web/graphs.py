"""The graph, in every format that it is drawn in."""

from collections.abc import Iterator

from flask import Response, g

from schemas import queries
from service import questions
from service.exports.formats import FORMATS
from service.questions import GraphQuestion
from service.web.operations import (
    Arguments,
    Operation,
    described,
    media_types,
    span,
    unless_unchanged,
    written,
)


def operations() -> Iterator[Operation]:
    """The graph of records and edges."""
    yield Operation(
        "graph",
        "GET",
        "/v1/graph",
        graph,
        "The graph: records as nodes, what they state of each other as edges",
        tag="graph",
        scope="read",
        query=queries.GraphQuery,
        answers={200: None},
        problems=("not-found",),
        formats=media_types(FORMATS),
        description=f"A file, sent as it is written. {described(FORMATS)}",
    )


def graph(arguments: Arguments) -> Response:
    asked = {name: value for name, value in arguments.items() if name in GraphQuestion._fields}

    def answer() -> Response:
        write = questions.drawn(GraphQuestion(**asked), span(arguments))
        return written(FORMATS[g.format], write, "parley-graph")

    return unless_unchanged(answer)
