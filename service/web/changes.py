"""What changed, for whoever keeps a copy or watches: page by page, or as soon as it happens."""

from collections.abc import Iterator

from flask import Response, current_app, g, request

from schemas import answers, queries
from service import questions
from service.exports import changes as feed
from service.exports import feeds
from service.web import access, waiting
from service.web.operations import JSON, Arguments, Operation, following, linked, unless_unchanged
from service.web.whole import json

FORMATS = {**JSON, "atom": feeds.MEDIA_TYPE}


def operations() -> Iterator[Operation]:
    """The list of changes."""
    yield Operation(
        "changes",
        "GET",
        "/v1/changes",
        listed,
        "Every revision of every record, in the order that they were recorded in",
        tag="changes",
        scope="read",
        query=queries.ChangesQuery,
        answers={200: answers.ChangesPage},
        formats=FORMATS,
        description="Resume with `after` = `last` of the page before: none is missed and none comes twice, "
        "also while others write. With `wait` the answer is held while there is nothing to give. "
        "`atom`: a feed, newest first, whose pages go back in time.",
    )


def listed(arguments: Arguments) -> Response:
    after, kinds = arguments["after"], arguments.get("kinds", [])
    limit = arguments.get("limit", current_app.config["PARLEY"].page_limit)
    asked = after, arguments.get("before"), kinds, limit
    # First, and whatever If-None-Match says: who has the empty page already waits for the next one, and is
    # then told with 304 that there is none.
    held = waiting.until(questions.arrival(after, kinds), arguments["wait"])
    if arguments["wait"]:
        access.still(request.environ)

    def answer() -> Response:
        return _feed(*asked) if g.format == "atom" else _page(*asked)

    # One that was waited for is not kept: who asks for it again means to wait again.
    response = unless_unchanged(answer, keep=not arguments["wait"])
    if not held:
        response.headers["Retry-After"] = waiting.RETRY_AFTER
    return response


def _page(after: int, before: int | None, kinds: list[str], limit: int) -> Response:
    page = questions.changed(after, before, kinds, limit)
    next = following(after=page.last) if page.more else None
    return linked(json({"items": page.items, "next": next, "last": page.last}), next)


def _feed(after: int, before: int | None, kinds: list[str], limit: int) -> Response:
    page = questions.news(after, before, kinds, limit)
    next = following(before=page.last) if page.more else None
    # One feed, whatever page of it this is, and of what size.
    about = f"{request.base_url}?kinds={','.join(kinds)}" if kinds else request.base_url
    told = feed.Feed(request.url_root, request.url, about, next, page.updated)
    return linked(Response(feed.write(told, page.items), mimetype=feeds.MEDIA_TYPE), next)
