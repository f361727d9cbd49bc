"""How long an answer takes inside the service: the application called as a server would call it, by itself.

``python -m scripts.benchmark.inside FILE [SECONDS]`` reads addresses by what is measured, as JSON, and prints
the median in milliseconds of Parley's answers and of the raw query, where there is one, asked by turns.
``--profile MEASURE`` instead prints where the time goes.
"""

import cProfile
import io
import json
import pstats
import sys
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import unquote

from scripts.benchmark import asked, raw
from service import settings
from service.app import create_app

_BY_TURNS = 20


def caller() -> Callable[[str], tuple[str, bytes]]:
    """A function from an address to the status and bytes that the application answers with."""
    app = create_app(settings.load()._replace(limit_token=settings.OFF, limit_address=settings.OFF))

    def call(path: str) -> tuple[str, bytes]:
        path_info, _, query = path.partition("?")
        status = [""]

        def start(given: str, *_: Any) -> Callable[[bytes], object]:
            status[0] = given
            return io.BytesIO().write

        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path_info),
            "QUERY_STRING": query,
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_ACCEPT": "application/json",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        answer: Any = app.wsgi_app(environ, start)
        try:
            return status[0], b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()

    return call


def measured(paths: Mapping[str, list[str]], seconds: float) -> dict[str, dict[str, float]]:
    """Medians in milliseconds, by what is measured."""
    call = caller()
    queries = raw.queries(raw.opened(settings.load().home / "parley.db"))
    found: dict[str, dict[str, float]] = {}
    for measure, given in paths.items():
        ways: dict[str, Callable[[str], object]] = {"parley": call}
        if measure in queries:
            ways["raw query"] = queries[measure]
        times: dict[str, list[float]] = {name: [] for name in ways}
        left, deadline = iter(given), time.perf_counter() + seconds
        while time.perf_counter() < deadline and (some := [*islice(left, _BY_TURNS)]):
            for name, way in ways.items():
                for path in some:
                    began = time.perf_counter()
                    way(path)
                    times[name].append(time.perf_counter() - began)
        found[measure] = {name: median(taken) * 1000 for name, taken in times.items()}
    return found


def profile(measure: str, number: int = 1_000) -> None:
    """Print where the time of so many first-time answers goes, in the store that the settings name."""
    found = asked.paths(asked.store(settings.load().home / "parley.db"))
    paths, call = [*islice(found[measure](1), number)], caller()
    call(paths[0])
    with cProfile.Profile() as taken:
        for path in paths:
            call(path)
    pstats.Stats(taken, stream=sys.stdout).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    if sys.argv[1] == "--profile":
        profile(sys.argv[2])
    else:
        given = json.loads(Path(sys.argv[1]).read_text())
        seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 3.0
        sys.stdout.write(json.dumps(measured(given, seconds)) + "\n")
