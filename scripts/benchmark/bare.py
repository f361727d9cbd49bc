"""The floor of a web answer: a bare Flask route that gives bytes it holds already.

``scripts.benchmark.bare:app()`` under a WSGI server. The bytes are Parley's own answers, a file for each, in
the folder that ``BENCHMARK_ANSWERS`` names: ``MEASURE/NUMBER``.
"""

import os
from pathlib import Path

from flask import Flask, Response, request

ANSWERS = "BENCHMARK_ANSWERS"
TAG = '"r1-0123456789abcdef"'


def app() -> Flask:
    """The application: ``/MEASURE/NUMBER`` gives one of the answers, and 304 to who has it; POST an echo."""
    folder = Path(os.environ[ANSWERS])
    held = {
        one.name: [file.read_bytes() for file in sorted(one.iterdir())]
        for one in folder.iterdir()
        if one.is_dir()
    }
    app = Flask(__name__)

    @app.get("/<measure>/<int:number>")
    def answer(measure: str, number: int) -> Response:
        if request.headers.get("If-None-Match") == TAG:
            return Response(status=304)
        answers = held[measure]
        return Response(answers[number % len(answers)], mimetype="application/json")

    @app.post("/echo")
    def echo() -> Response:
        return Response(request.get_data(), 201, mimetype="application/json")

    return app
