"""The graph, in every format that it is drawn in."""

from collections.abc import Iterator

from flask import Response, g

from schemas import queries
from service import questions
from service.exports.formats import FORMATS
from service.questions import GraphQuestion
from service.web.operations import Arguments, Operation, span, streamed, unless_unchanged

MEDIA_TYPES = {name: format.media_type for name, format in FORMATS.items()}


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
        formats=MEDIA_TYPES,
        description="A file, sent as it is written. "
        + " ".join(f"`{name}`: {format.about}" for name, format in FORMATS.items()),
    )


def graph(arguments: Arguments) -> Response:
    format = FORMATS[g.format]
    asked = {name: value for name, value in arguments.items() if name in GraphQuestion._fields}
    filename = f"parley-graph.{format.extension}"

    def answer() -> Response:
        written = questions.drawn(GraphQuestion(**asked), span(arguments))
        return streamed(written(format.write), format.media_type, filename)

    return unless_unchanged(answer)
