"""Many records at once: NDJSON in and out, streamed both ways."""

from collections.abc import Iterator
from contextlib import ExitStack

from flask import Response, current_app, g, request

from schemas import answers, queries
from schemas.vocabulary import KINDS, SCOPES
from service import questions
from service.errors import Fault, InvalidParameters
from service.ingest import ndjson
from service.ingest.reports import Report, summary
from service.questions.exporting import MEDIA_TYPE
from service.web import bodies, consistency
from service.web.operations import Arguments, Operation, span, streamed, unless_unchanged
from service.web.whole import json

FORMATS = {"ndjson": MEDIA_TYPE}
IMPORT = """\
A line is a document with its `kind`, and its `id` if it is to have a certain one. References may go to other
lines, earlier or later. `version` names the one that the line replaces, as If-Match does; without it a record
that is there just so is passed over, and one that differs is refused. One transaction; 422 names every line
that is not valid, up to 1,000. A token of scope `admin` restores an export into an empty store as it was."""
EXPORT = """\
Documents in the order of their revisions; of a merged record, what it was merged into. With `revisions` each
line is a revision, as its record's own list has it, and the whole is the chain of hashes. Imported into an
empty store either is restored."""


def operations() -> Iterator[Operation]:
    """Import and export."""
    yield Operation(
        "import",
        "POST",
        "/v1/import",
        imported,
        "Record documents, one a line, of any number and in any order",
        tag="bulk",
        scope="write",
        query=queries.ImportQuery,
        bodies={MEDIA_TYPE: None},
        answers={200: answers.ImportReport},
        problems=("malformed", "too-large", "unsupported-media-type"),
        description=IMPORT,
        fingerprint=lambda *_: _body().sha256,
    )
    yield Operation(
        "export",
        "GET",
        "/v1/export",
        exported,
        "The whole store, one document a line",
        tag="bulk",
        scope="read",
        query=queries.ExportQuery,
        answers={200: None},
        formats=FORMATS,
        description=EXPORT,
    )


def _body() -> bodies.Spooled:
    settings = current_app.config["PARLEY"]
    return bodies.spooled(request, MEDIA_TYPE, settings.max_import, settings.home)


def imported(arguments: Arguments) -> Response:
    settings, body = current_app.config["PARLEY"], _body()
    restoring = SCOPES.index(g.scope) >= SCOPES.index("admin")
    longest = ndjson.LONGEST_LINE if restoring else settings.max_body
    asked = {"dry_run": arguments["dry_run"], "restoring": restoring, "longest": longest}
    if arguments["atomic"]:
        loaded = ndjson.load(body.file, g.author, **asked)
        response = json(summary(loaded, arguments["dry_run"]))
    else:
        with ExitStack() as stack:
            report = Report(settings.home)
            stack.callback(report.close)
            loaded = ndjson.load(body.file, g.author, partial=True, telling=report.begin, **asked)
            lines = report.written(summary(loaded, arguments["dry_run"]))
            response = Response(lines, mimetype="application/json")
            response.call_on_close(stack.pop_all().close)
    # The revision of a dry run is none that a read could be answered from.
    return response if arguments["dry_run"] else consistency.stamp(response, loaded.revision)


def exported(arguments: Arguments) -> Response:
    kinds, known_at = arguments.get("kinds"), span(arguments).known_at
    if kinds and arguments["revisions"]:
        raise InvalidParameters(
            "The query string is not valid.", [Fault("kinds", "leaves out revisions, and breaks their chain")]
        )

    def answer() -> Response:
        if arguments["revisions"]:
            lines, name = questions.exported_revisions(known_at), "parley-revisions.ndjson"
        else:
            lines, name = questions.exported(kinds or tuple(KINDS), known_at), "parley-records.ndjson"
        return streamed(lines, MEDIA_TYPE, name)

    return unless_unchanged(answer)
