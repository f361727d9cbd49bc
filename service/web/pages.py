"""What the service says of itself: health, the API description, its page, and what each problem means."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import flask_swagger_ui
import orjson
from flask import Flask, Response, abort, current_app, redirect, render_template, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from schemas import answers, queries
from service import questions
from service.storage import migrate
from service.web import openapi
from service.web.access import OPEN
from service.web.operations import RELEASE, Arguments, Operation
from service.web.problems import KINDS as PROBLEMS
from service.web.whole import Whole, json

SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
"""Swagger UI comes inside a package of the lock file, so that the page needs no network."""
STATIC = Path(__file__).parent / "static"
SWAGGER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")


def operations() -> Iterator[Operation]:
    """The two health checks, for whoever runs the service."""
    for name, view, summary, answer in (
        ("livez", live, "Whether the process runs", answers.Health),
        (
            "readyz",
            ready,
            "Whether requests can be answered: the database is there and migrated",
            answers.Readiness,
        ),
    ):
        yield Operation(
            name,
            "GET",
            f"/{name}",
            view,
            summary,
            tag="service",
            scope=OPEN,
            query=queries.Nothing,
            answers={200: answer},
        )


def install(app: Flask, described: tuple[Operation, ...]) -> None:
    """Add the pages, and the description of ``described``."""

    @cache
    def description() -> bytes:
        return orjson.dumps(openapi.describe(described, RELEASE, app.config["PARLEY"].public_read))

    def openapi_json() -> Response:
        return Whole(description())

    app.add_url_rule("/openapi.json", "openapi", openapi_json)
    app.add_url_rule("/", "home", home)
    app.add_url_rule("/docs", "docs", docs)
    app.add_url_rule("/docs/assets/<name>", "docs-asset", asset)
    app.add_url_rule("/static/<path:filename>", "static", static)
    app.add_url_rule("/problems/<name>", "problem", problem)
    app.add_url_rule("/problems/", "problems", problems)


def live(_: Arguments) -> Response:
    return json({"status": "ok"})


def ready(_: Arguments) -> Response:
    migrate.check()
    _facts, found = questions.diagnosis(current_app.config["PARLEY"])
    return json({"status": "ok", "warnings": [{"name": one.name, "detail": one.detail} for one in found]})


def home() -> AnyResponse:
    return redirect("/docs")


def docs() -> str:
    return render_template("docs.html")


def asset(name: str) -> Response:
    if name not in SWAGGER_FILES:
        abort(404)
    return _file(SWAGGER, name, max_age=86_400)


def static(filename: str) -> Response:
    return _file(STATIC, filename)


def _file(folder: Path, name: str, max_age: int | None = None) -> Response:
    """A file, whose preconditions are those of every other answer: no Last-Modified, no ranges."""
    response = send_from_directory(folder, name, max_age=max_age, conditional=False)
    del response.headers["Last-Modified"]
    return response


def problems() -> str:
    return render_template("problems.html", kinds=PROBLEMS)


def problem(name: str) -> str:
    if name not in PROBLEMS:
        abort(404)
    return render_template("problems.html", kinds={name: PROBLEMS[name]})
