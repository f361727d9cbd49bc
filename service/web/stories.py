"""The questions that Parley is for: position histories, talk timelines, search."""

from collections.abc import Iterator
from typing import Any

from flask import Response, g, request

from schemas import answers, queries
from schemas.vocabulary import ON_THE_TIMELINE
from service import questions
from service.errors import Fault, InvalidParameters
from service.exports.timeline_formats import FORMATS
from service.web.operations import (
    JSON,
    Arguments,
    Operation,
    described,
    media_types,
    page,
    paging,
    span,
    unless_unchanged,
    written,
)

TIMELINES = {**JSON, **media_types(FORMATS)}


def operations() -> Iterator[Operation]:
    """Histories, timelines and search."""
    histories: dict[str, Any] = {
        "method": "GET",
        "tag": "positions",
        "scope": "read",
        "answers": {200: answers.HistoryPage},
        "problems": ("not-found", "malformed"),
        "formats": JSON,
    }
    timelines: dict[str, Any] = {
        **histories,
        "tag": "timeline",
        "answers": {200: answers.TimelinePage},
        "view": timeline,
        "formats": TIMELINES,
        "description": "In pages as JSON, or whole as a file, sent as it is written. " + described(FORMATS),
    }
    yield Operation(
        "actor-positions",
        path="/v1/actors/<id>/positions",
        view=actor_history,
        query=queries.ActorHistoryQuery,
        summary="Where an actor stands, since when, and who says so",
        **histories,
    )
    yield Operation(
        "issue-positions",
        path="/v1/issues/<id>/positions",
        view=issue_history,
        query=queries.IssueHistoryQuery,
        summary="Where every actor stands on an issue",
        **histories,
    )
    yield Operation(
        "timeline",
        path="/v1/timeline",
        query=queries.TimelineQuery,
        summary="What happened, in order",
        **{**timelines, "problems": ("malformed",)},
    )
    yield Operation(
        "track-timeline",
        path="/v1/tracks/<id>/timeline",
        query=queries.TimelineQuery,
        summary="What happened in a track and its sub-tracks, in order",
        **timelines,
    )
    yield Operation(
        "search",
        "GET",
        "/v1/search",
        search,
        "Records by the words in them",
        tag="search",
        scope="read",
        query=queries.SearchQuery,
        answers={200: answers.SearchPage},
        problems=("malformed",),
        formats=JSON,
        description="First what is called so, by how much of its name the words are; then what else holds "
        "them, the last recorded first.",
    )


def actor_history(arguments: Arguments, id: str) -> Response:
    return _history(arguments, [id], arguments.get("issue", []), ("actor", id))


def issue_history(arguments: Arguments, id: str) -> Response:
    return _history(arguments, arguments.get("actor", []), [id], ("issue", id))


def _history(arguments: Arguments, actors: list[str], issues: list[str], whose: tuple[str, str]) -> Response:
    how = arguments["attributed"], arguments["status"], span(arguments), paging(arguments)
    return unless_unchanged(lambda: page(questions.history(actors, issues, *how, whose=whose)))


def timeline(arguments: Arguments, id: str | None = None) -> Response:
    kinds = tuple(dict.fromkeys(arguments.get("kind", ON_THE_TIMELINE)))
    actors, issues = arguments.get("actor", []), arguments.get("issue", [])
    format = FORMATS.get(g.format)
    if format is None:
        how = span(arguments), paging(arguments)
        return unless_unchanged(lambda: page(questions.timeline(kinds, actors, issues, id, *how)))
    if "cursor" in arguments:
        fault = Fault("cursor", "is of the pages of JSON: a file has no next page")
        raise InvalidParameters("The query string is not valid.", [fault])

    def answer() -> Response:
        limit = arguments.get("limit")
        write = questions.told(kinds, actors, issues, id, span(arguments), limit, request.url)
        return written(format, write, id or "parley-timeline")

    return unless_unchanged(answer)


def search(arguments: Arguments) -> Response:
    kinds, how = arguments.get("kind", []), paging(arguments)
    return unless_unchanged(lambda: page(questions.found(arguments["q"], kinds, how)))
