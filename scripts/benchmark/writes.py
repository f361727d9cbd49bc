"""Writes: an import beside raw rows into the same tables, one POST beside an echo, four workers at once."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from scripts import sample
from scripts.benchmark import bare, raw, servers
from scripts.benchmark.load import load, post
from scripts.benchmark.process import cost, module

WRITING_WORKERS, WRITING_CONNECTIONS = 4, 16
_SEED, _ANOTHER_SEED = 1, 2
Figures = dict[str, Any]


def ndjson(file: Path, statements: int) -> int:
    """Write a file for ``parley import``; how many lines it has."""
    number = 0
    with file.open("wb") as lines:
        for document in sample.made_up(sample.Shape(statements), _SEED):
            lines.write(orjson.dumps(document) + b"\n")
            number += 1
    return number


def imported(folder: Path, environ: Mapping[str, str], statements: int) -> Figures:
    """Import made-up statements into an empty store: whole processes, and raw rows into the same tables."""
    file = folder / "given.ndjson"
    lines = ndjson(file, statements)
    ours = {**environ, "PARLEY_HOME": str(folder / "imported")}
    module(["scripts.cli", "migrate"], ours)
    took = cost(["scripts.cli", "import", str(file)], ours)
    again = {**environ, "PARLEY_HOME": str(folder / "raw")}
    module(["scripts.cli", "migrate"], again)
    floor = float(module(["scripts.benchmark.raw_rows", str(folder / "imported")], again))
    exported = folder / "exported.ndjson"
    module(["scripts.cli", "export", "records", str(exported)], ours)
    stored = sum(one.stat().st_size for one in (folder / "imported").glob("parley.db*"))
    return {
        "records": lines,
        "per_second": round(lines / took.seconds, 1),
        "raw_per_second": round(lines / floor, 1),
        "of_raw": round(floor / took.seconds, 3),
        "peak_mib": round(took.peak / 1024, 1),
        "store_of_ndjson": round(stored / exported.stat().st_size, 3),
    }


def single(
    folder: Path, environ: Mapping[str, str], rounds: int, seconds: float, done: Callable[[], object]
) -> Figures:
    """One POST after another: Parley, a route that gives back what it was sent, bare commits; by turns."""
    with ExitStack() as stack:
        home, token = _copy(folder, environ)
        port, other = servers.free_port(), servers.free_port()
        answers = folder / "none"
        answers.mkdir()
        stack.enter_context(servers.running(*servers.parley(home, port), port, "/livez"))
        echo = servers.wsgi("scripts.benchmark.bare:app()", {**environ, bare.ANSWERS: str(answers)}, other)
        stack.enter_context(servers.running(*echo, other))
        commit = raw.commits(folder)
        stack.callback(commit.close)
        bodies = _bodies()
        ours = (post("/v1/statements", body, Authorization=f"Bearer {token}") for body in bodies)
        theirs = (post("/echo", body) for body in cycle([*islice(_bodies(), 100)]))
        rates: dict[str, list[float]] = {"parley": [], "echo": [], "commit": []}
        for turn in range(rounds + 1):
            given: dict[str, Any] = {"connections": 1, "seconds": seconds if turn else 0.3, "expected": 201}
            taken = {
                "parley": load((servers.HOST, port), ours, **given).per_second,
                "echo": load((servers.HOST, other), theirs, **given).per_second,
                "commit": _rate(commit, given["seconds"]),
            }
            if turn:
                for name, rate in taken.items():
                    rates[name].append(rate)
            done()
    pairs = zip(rates["parley"], rates["echo"], strict=True)
    found: Figures = {f"{name}_per_second": round(median(taken), 1) for name, taken in rates.items()}
    return {**found, "of_echo": round(median(one / other for one, other in pairs), 3)}


def _rate(steps: Iterator[None], seconds: float) -> float:
    began = time.perf_counter()
    number = 0
    while time.perf_counter() < began + seconds:
        next(steps)
        number += 1
    return number / seconds


def at_once(folder: Path, environ: Mapping[str, str], seconds: float) -> Figures:
    """Four workers that all write: how long the slowest wait."""
    home, token = _copy(folder, environ)
    port = servers.free_port()
    command, given = servers.parley(home, port)
    given["PARLEY_WORKERS"] = str(WRITING_WORKERS)
    with servers.running(command, given, port, "/livez"):
        requests = (post("/v1/statements", body, Authorization=f"Bearer {token}") for body in _bodies())
        address = servers.HOST, port
        load(address, requests, connections=WRITING_CONNECTIONS, seconds=0.3, expected=201)
        taken = load(address, requests, connections=WRITING_CONNECTIONS, seconds=seconds, expected=201)
    return {
        "workers": WRITING_WORKERS,
        "connections": WRITING_CONNECTIONS,
        "per_second": round(taken.per_second, 1),
        "p50_ms": round(taken.percentile(0.50) * 1000, 2),
        "p99_ms": round(taken.percentile(0.99) * 1000, 2),
        "longest_ms": round(taken.latencies[-1] * 1000, 2),
    }


def _copy(folder: Path, environ: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """A copy of the store to write to, and a token for it."""
    home = folder / f"home-{time.monotonic_ns()}"
    home.mkdir()
    shutil.copy(Path(environ["PARLEY_HOME"]) / "parley.db", home / "parley.db")
    given = {**environ, "PARLEY_HOME": str(home)}
    output = module(["scripts.cli", "token", "create", "--scope", "write", "--name", "benchmark"], given)
    return given, output.splitlines()[-1]


def _bodies() -> Iterator[bytes]:
    """Statements that refer to what the small store holds, without end."""
    while True:
        for document in sample.made_up(sample.Shape(SMALL), _ANOTHER_SEED):
            if document["kind"] == "statement":
                yield orjson.dumps({name: value for name, value in document.items() if name != "id"})


SMALL = 10_000
"""Statements in the store that single writes go to."""
