"""Reads: Parley, the floors and the peers by turns, over connections that stay open."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from scripts.benchmark import asked, bare, servers
from scripts.benchmark.load import Address, Measured, ask, get, load
from scripts.benchmark.process import module
from service.errors import ParleyError

CONNECTIONS = 16
ANSWERS = 128
"""Answers of Parley's that the bare route gives, of each kind."""
PARLEY, REPEATED, UNCHANGED, BARE, RAW = "parley", "parley, repeated", "parley, 304", "bare", "raw query"
_WARMING = 0.3
_SEED, _OTHER_SEED = 1, 2

Figures = dict[str, Any]


class Run(NamedTuple):
    """One thing to measure, over and over."""

    measure: str
    what: str
    address: Address
    requests: Iterator[bytes]
    expected: int = 200


class Plan(NamedTuple):
    """How much to measure."""

    rounds: int
    seconds: float


def parley(
    stack: ExitStack, environ: Mapping[str, str], paths: Mapping[str, asked.Paths], only: set[str]
) -> list[Run]:
    """Start Parley on a store: what is to be measured of it, first-time and repeated."""
    port = servers.free_port()
    stack.enter_context(servers.running(*servers.parley(environ, port), port, "/livez"))
    address = servers.HOST, port
    runs = []
    for measure, made in paths.items():
        if only and measure not in only:
            continue
        runs.append(Run(measure, PARLEY, address, map(get, made(_SEED))))
        runs.append(Run(measure, REPEATED, address, map(get, asked.again(made(_OTHER_SEED)))))
        if measure == "history":
            known = [
                get(path, If_None_Match=_tag(address, path)) for path in islice(made(_OTHER_SEED), asked.FEW)
            ]
            runs.append(Run(measure, UNCHANGED, address, cycle(known), 304))
    return runs


def _tag(address: Address, path: str) -> str:
    _, head, _ = ask(address, get(path))
    for line in head.decode().split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "etag":
            return value.strip()
    raise ParleyError(f"{path} has no ETag.")


def floors(
    stack: ExitStack, folder: Path, address: Address, paths: Mapping[str, asked.Paths], only: set[str]
) -> list[Run]:
    """Start a bare Flask route that gives the same bytes as the Parley at ``address``."""
    answers = folder / "answers"
    runs = []
    port = servers.free_port()
    for measure, made in paths.items():
        if only and measure not in only:
            continue
        kept = answers / measure
        kept.mkdir(parents=True, exist_ok=True)
        for number, path in enumerate(islice(made(_OTHER_SEED), ANSWERS)):
            status, _, body = ask(address, get(path))
            if status != 200:
                raise ParleyError(f"{path}: {status}: {body!r}")
            (kept / f"{number:03}").write_bytes(body)
        one = f"/{measure.replace(' ', '%20')}/"
        runs.append(Run(measure, BARE, (servers.HOST, port), map(get, _numbered(one))))
        if measure == "history":
            known = (get(path, If_None_Match=bare.TAG) for path in _numbered(one))
            runs.append(Run(measure, f"{BARE}, 304", (servers.HOST, port), known, 304))
    environ = {bare.ANSWERS: str(answers), "PATH": "/usr/bin:/bin"}
    started = servers.wsgi("scripts.benchmark.bare:app()", environ, port)
    stack.enter_context(servers.running(*started, port, "/"))
    return runs


def _numbered(path: str) -> Iterator[str]:
    number = 0
    while True:
        yield f"{path}{number}"
        number += 1


def by_turns(runs: list[Run], plan: Plan, done: Callable[[], object]) -> list[list[Measured]]:
    """For each run what was measured of it in each round."""
    found: list[list[Measured]] = [[] for _ in runs]
    for turn in range(plan.rounds):
        for run, taken in zip(runs, found, strict=True):
            given: dict[str, Any] = {"connections": CONNECTIONS, "expected": run.expected}
            if turn == 0:
                load(run.address, run.requests, seconds=_WARMING, **given)
            taken.append(load(run.address, run.requests, seconds=plan.seconds, **given))
            done()
    return found


def figures(runs: list[Run], found: list[list[Measured]]) -> dict[str, dict[str, Figures]]:
    """Medians of the rounds by what is measured and of whom; ratios are medians of each round's."""
    floor = {run.measure: taken for run, taken in zip(runs, found, strict=True) if run.what == BARE}
    result: dict[str, dict[str, Figures]] = {}
    for run, taken in zip(runs, found, strict=True):
        made: Figures = {
            "per_second": round(median(one.per_second for one in taken), 1),
            "p50_ms": round(median(one.percentile(0.50) for one in taken) * 1000, 3),
            "p99_ms": round(median(one.percentile(0.99) for one in taken) * 1000, 3),
            "bytes": round(sum(one.bytes for one in taken) / sum(len(one.latencies) for one in taken)),
            "client_busy": round(max(one.busy for one in taken), 2),
        }
        if run.measure in floor:
            pairs = zip(taken, floor[run.measure], strict=True)
            made["of_bare"] = round(median(one.per_second / other.per_second for one, other in pairs), 3)
        result.setdefault(run.measure, {})[run.what] = made
    return result


def inside(
    environ: Mapping[str, str], folder: Path, paths: Mapping[str, asked.Paths], seconds: float
) -> dict[str, dict[str, float]]:
    """Medians in milliseconds of an answer inside the service and of the raw query, by what is asked."""
    given = {measure: [*islice(made(_SEED), 2_000)] for measure, made in paths.items()}
    file = folder / "paths.json"
    file.write_text(json.dumps(given))
    output = module(["scripts.benchmark.inside", str(file), str(seconds)], environ, servers.cores()[0])
    found: dict[str, dict[str, float]] = json.loads(output)
    return found
