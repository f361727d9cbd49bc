"""Reads: Parley, the floors and the peers by turns, over connections that stay open."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from scripts.benchmark import agreeing, asked, bare, peers, rows, servers
from scripts.benchmark.load import Address, Measured, ask, get, load
from scripts.benchmark.process import module
from service.errors import ParleyError

CONNECTIONS = 16
ANSWERS = 128
"""Answers of Parley's that the bare route gives, of each kind."""
PARLEY, REPEATED, UNCHANGED, BARE, RAW = "parley", "parley, repeated", "parley, 304", "bare", "raw query"
POSTGRESQL = "parley on PostgreSQL"
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


def parley(stack: ExitStack, environ: Mapping[str, str], paths: Mapping[str, asked.Paths]) -> list[Run]:
    """Start Parley on a store: what is to be measured of it, first-time and repeated."""
    port = servers.free_port()
    stack.enter_context(servers.running(*servers.parley(environ, port), port, "/livez"))
    address = servers.HOST, port
    runs = []
    for measure, made in paths.items():
        runs.append(Run(measure, PARLEY, address, map(get, made(_SEED))))
        runs.append(Run(measure, REPEATED, address, map(get, asked.again(made(_OTHER_SEED)))))
        if measure == "history":
            known = [
                get(path, If_None_Match=_tag(address, path)) for path in islice(made(_OTHER_SEED), asked.FEW)
            ]
            runs.append(Run(measure, UNCHANGED, address, cycle(known), 304))
    return runs


def on_postgresql(
    stack: ExitStack,
    environ: Mapping[str, str],
    paths: Mapping[str, asked.Paths],
    pages: Mapping[str, Any],
    found: asked.Store,
) -> list[Run]:
    """The same on a PostgreSQL server, which has to have the same pages."""
    runs = parley(stack, environ, paths)
    if agreeing.histories(runs[0].address, found) != pages:
        raise ParleyError("Parley has other rows on PostgreSQL.")
    return [run._replace(what=run.what.replace(PARLEY, POSTGRESQL)) for run in runs]


def _tag(address: Address, path: str) -> str:
    _, head, _ = ask(address, get(path))
    for line in head.decode().split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "etag":
            return value.strip()
    raise ParleyError(f"{path} has no ETag.")


def floors(stack: ExitStack, folder: Path, address: Address, paths: Mapping[str, asked.Paths]) -> list[Run]:
    """Start a bare Flask route that gives the same bytes as the Parley at ``address``."""
    answers = folder / "answers"
    runs = []
    port = servers.free_port()
    for measure, made in paths.items():
        kept = answers / measure
        kept.mkdir(parents=True, exist_ok=True)
        for number, path in enumerate(islice(made(_OTHER_SEED), ANSWERS)):
            (kept / f"{number:03}").write_bytes(agreeing.answer(address, path))
        one = f"/{measure.replace(' ', '%20')}/"
        runs.append(Run(measure, BARE, (servers.HOST, port), map(get, _numbered(one))))
        if measure == "history":
            known = (get(path, If_None_Match=bare.TAG) for path in _numbered(one))
            runs.append(Run(measure, f"{BARE}, 304", (servers.HOST, port), known, 304))
    environ = {bare.ANSWERS: str(answers), "PATH": "/usr/bin:/bin"}
    started = servers.wsgi("scripts.benchmark.bare:app()", environ, port)
    stack.enter_context(servers.running(*started, port, "/"))
    for run in runs:
        if run.expected == 200:
            _, _, body = ask(run.address, next(run.requests))
            if body != (answers / run.measure / "000").read_bytes():
                raise ParleyError(f"The bare route gives another {run.measure}.")
    return runs


def others(
    stack: ExitStack,
    tools: Path,
    home: Path,
    found: asked.Store,
    pages: Mapping[str, Any],
    names: Sequence[str],
) -> tuple[list[Run], dict[str, str]]:
    """Start the peers of these names, and compare their rows; and why those that are missing are."""
    tools.mkdir(parents=True, exist_ok=True)
    file = rows.made(home)
    runs: list[Run] = []
    missing: dict[str, str] = {}
    for peer in peers.PEERS:
        if peer.name not in names:
            continue
        port = servers.free_port()
        address = servers.HOST, port
        try:
            command, environ = peer.prepare(tools, file, port)
            stack.enter_context(servers.running(command, environ, port, peer.ready))
        except ParleyError as error:
            missing[peer.name] = error.detail
            continue
        agreeing.with_peer(peer, address, pages)
        made = asked.in_rows(found, peer.history, peer.record, rows.count(file))
        for measure, paths in made.items():
            requests = map(partial(get, **peer.headers), paths(_SEED))
            runs.append(Run(measure, peer.name, address, requests))
    return runs, missing


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
    by_name = {(run.measure, run.what): taken for run, taken in zip(runs, found, strict=True)}
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
        if run.what.startswith(POSTGRESQL):
            twin = by_name[run.measure, run.what.replace(POSTGRESQL, PARLEY)]
            pairs = zip(taken, twin, strict=True)
            made["of_sqlite"] = round(median(one.per_second / other.per_second for one, other in pairs), 3)
        result.setdefault(run.measure, {})[run.what] = made
    return result


def inside(
    environ: Mapping[str, str], folder: Path, paths: Mapping[str, asked.Paths], seconds: float
) -> dict[str, dict[str, float]]:
    """Medians in milliseconds of an answer inside the service and of the raw query, by what is asked."""
    given = {measure: [*islice(made(_SEED), 2_000)] for measure, made in paths.items()}
    file = folder / "paths.json"
    file.write_text(json.dumps(given))
    with servers.on(servers.cores()[0]):
        output = module(["scripts.benchmark.inside", str(file), str(seconds)], environ)
    found: dict[str, dict[str, float]] = json.loads(output)
    return found
