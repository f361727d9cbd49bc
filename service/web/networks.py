"""The networks of actors in every format, and what measures say of them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Response, g

from schemas import networks as schemas
from service import questions
from service.diplomacy.agreement import ONE_MODE
from service.diplomacy.measures import MEASURES
from service.diplomacy.windows import WINDOWS
from service.exports.formats import FORMATS
from service.questions import NetworkQuestion
from service.questions.network_files import COUNTED
from service.questions.networks import CHOICES, RELATIONS
from service.web.operations import (
    JSON,
    Arguments,
    Operation,
    described,
    media_types,
    span,
    streamed,
    unless_unchanged,
    written,
)
from service.web.whole import json

CSV = "text/csv"
MEDIA_TYPES = {**JSON, **media_types(FORMATS), "matrix": CSV}
MEASURED = {**JSON, "csv": CSV}

ABOUT = {
    "affiliation": "Actors by issues: how often, or how, each stood on each",
    "congruence": "Actors by actors: how far their stances agree",
    "conflict": "Actors by actors: how far their stances disagree",
    "subtract": "Actors by actors: agreement less disagreement",
    "ignore": "Actors by actors: how much they spoke on the same issues, whatever they said",
    "co-attendance": "Actors by actors: the talks that both took part in",
    "mentions": "Who speaks of, or to, whom",
}
DETAILS = {
    "affiliation": "y_ij of the positions of actor i on issue j.",
    **ONE_MODE,
    "co-attendance": "Talks that were held; each once for two actors, whatever their roles. Normalised as "
    "`ignore` is, with talks for issues.",
    "mentions": "Directed: the statements by the source that are addressed to the target or claim a position "
    "of it, each once.",
}
ON_ISSUES = {
    "co-attendance": "Talks that have one of these on the agenda.",
    "mentions": "Statements about one of these.",
}
POSITIONS = (
    " x_ijk is the number of statements by actor i on issue j with stance k; R_j the width of the issue's "
    "declared scale; N_i all statements of i. After Leifeld's Discourse Network Analyzer."
)
OWN = " Positions claimed of another do not count."
STANDING = " Statements that were denied or retracted do not count."


def operations() -> Iterator[Operation]:
    """For each relation its network, and the measures of that."""
    node, whole = (
        {
            name: f"{measure.about} ({measure.source})" if measure.source else measure.about
            for name, measure in MEASURES.items()
            if measure.of == of
        }
        for of in ("node", "network")
    )
    measures = schemas.measures_answer(node, whole)
    for relation in RELATIONS:
        issues = ON_ISSUES.get(relation, "From positions on these issues.")
        query = schemas.query(relation, issues, CHOICES[relation], WINDOWS)
        common: dict[str, Any] = {
            "method": "GET",
            "tag": "graph",
            "scope": "read",
            "fixed": {"relation": relation},
        }
        yield Operation(
            f"network-{relation}",
            path=f"/v1/networks/{relation}",
            view=network,
            summary=ABOUT[relation],
            query=query,
            answers={200: schemas.NetworkAnswer},
            formats=MEDIA_TYPES,
            description=_described(relation)
            + f" `matrix`: CSV, a row and a column for each node; not of windows. {described(FORMATS)} With "
            "windows, edges begin and end with theirs.",
            **common,
        )
        yield Operation(
            f"measures-{relation}",
            path=f"/v1/networks/{relation}/measures",
            view=measured,
            summary=f"What measures say of the network {relation}",
            query=schemas.measures_query(query, relation, {**node, **whole}, COUNTED),
            answers={200: measures},
            formats=MEASURED,
            description="`csv`: a row for each node, the network's own measures in every row.",
            **common,
        )


def _described(relation: str) -> str:
    details = DETAILS[relation]
    if "duplicates" in CHOICES[relation]:
        details += POSITIONS + OWN
    return details + ("" if relation == "co-attendance" else STANDING)


def _found(arguments: Arguments, relation: str) -> questions.Networks:
    asked = {name: value for name, value in arguments.items() if name in NetworkQuestion._fields}
    return questions.tied(NetworkQuestion(relation, **asked), span(arguments))


def network(arguments: Arguments, relation: str) -> Response:
    name = str(g.format)

    def answer() -> Response:
        found = _found(arguments, relation)
        if name == "json":
            return Response(questions.as_json(found), mimetype=MEDIA_TYPES[name])
        if name == "matrix":
            return streamed(questions.as_matrix(found), CSV, f"parley-{relation}.csv")
        return written(FORMATS[name], partial(questions.as_graph, found), f"parley-{relation}")

    return unless_unchanged(answer)


def measured(arguments: Arguments, relation: str) -> Response:
    name, names = g.format, arguments["measures"]

    def answer() -> Response:
        values = questions.measured(_found(arguments, relation), names)
        if name == "json":
            return json(values)
        return streamed(questions.measured_table(values, names), CSV, f"parley-{relation}-measures.csv")

    return unless_unchanged(answer)
