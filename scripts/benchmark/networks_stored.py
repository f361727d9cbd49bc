"""Networks of a whole store, beside what one would do with networkx. A process of its own.

``python -m scripts.benchmark.networks_stored`` reads the store that the settings name and prints, as JSON,
the seconds of the congruence of all actors over all issues, and the milliseconds of neighbourhoods of two
hops. Both ways have to find the same.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import apsw
import networkx as nx

from schemas.vocabulary import KINDS, RELATIONS
from scripts.benchmark import inside
from scripts.benchmark.networks import same
from scripts.store import opened
from scripts.trials import STANCES, with_networkx
from service import settings
from service.diplomacy.duplicates import Held
from service.errors import ParleyError
from service.questions.asking import Span
from service.questions.networks import NetworkQuestion, tied
from service.storage import ties
from service.storage.database import reading

HOPS, MOST_NODES = 2, 1_000
NEIGHBOURHOODS, TRIED = 30, 90
TIMES = 3
_Found = TypeVar("_Found")
_EDGES = """
    SELECT tail.id, head.id FROM edge
    JOIN record AS tail ON tail.key = edge.tail JOIN record AS head ON head.key = edge.head
    WHERE edge.until IS NULL AND edge.relation <> ?
"""
_QUIET = """
    SELECT id FROM record JOIN edge ON tail = key WHERE kind = ? GROUP BY key ORDER BY count(*), id LIMIT ?
"""
"""Actors of whom little is said."""


def congruence() -> dict[str, float]:
    """Seconds from the store to the network, and from positions in memory to it with networkx."""
    runs = [_timed(lambda: tied(NetworkQuestion("congruence"), Span())) for _ in range(TIMES)]
    ((_, network),) = runs[-1][1].spells
    with reading():
        held = [Held(*row) for row in ties.positions(ties.Scope(), None, False)]
    scales = dict.fromkeys({one.issue for one in held}, STANCES)
    theirs, projected = _timed(lambda: with_networkx(held, scales))
    same(network, projected)
    ours = median(seconds for seconds, _ in runs)
    return {
        "actors": len(network.rows),
        "ties": network.size,
        "positions": len(held),
        "parley_s": round(ours, 3),
        "networkx_s": round(theirs, 3),
        "times_faster": round(theirs / ours, 1),
    }


def neighbourhoods(database: Path) -> dict[str, float]:
    """Milliseconds of an answer inside the service, and of ``ego_graph`` on the graph in memory."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    graph: Any = nx.Graph()
    built, _ = _timed(lambda: graph.add_edges_from(connection.execute(_EDGES, (RELATIONS["merged-into"],))))
    quiet: list[Any] = [id for (id,) in connection.execute(_QUIET, (KINDS["actor"].code, TRIED))]
    call = inside.caller()
    ours: list[float] = []
    theirs: list[float] = []
    sizes: list[int] = []
    for id in quiet:
        ego_seconds, ego = _timed(partial(nx.ego_graph, graph, id, HOPS))
        if len(ego) > MOST_NODES or len(ours) == NEIGHBOURHOODS:
            continue
        path = f"/v1/graph?around={id}&hops={HOPS}&format=node-link"
        seconds, (_, answer) = _timed(partial(call, path))
        if {node["id"] for node in json.loads(answer)["nodes"]} != set(ego):
            raise ParleyError(f"{id} has other neighbours with networkx.")
        ours.append(seconds)
        theirs.append(ego_seconds)
        sizes.append(len(ego))
    return {
        "neighbourhoods": len(ours),
        "nodes": median(sizes),
        "parley_ms": round(median(ours) * 1000, 2),
        "parley_longest_ms": round(max(ours) * 1000, 2),
        "networkx_ms": round(median(theirs) * 1000, 2),
        "networkx_build_s": round(built, 2),
    }


def _timed(act: Callable[[], _Found]) -> tuple[float, _Found]:
    began = time.perf_counter()
    found = act()
    return time.perf_counter() - began, found


if __name__ == "__main__":
    opened()
    figures = {"congruence": congruence(), "two hops": neighbourhoods(settings.load().home / "parley.db")}
    sys.stdout.write(json.dumps(figures) + "\n")
