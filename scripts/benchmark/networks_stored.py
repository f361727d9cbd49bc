"""Networks of a whole store, beside what one would do with networkx. A process of its own.

``python -m scripts.benchmark.networks_stored`` reads the store that the settings name and prints, as JSON,
the seconds of the congruence of actors over all issues, and the milliseconds of neighbourhoods of two hops.
Both ways have to find the same. networkx looks at every pair of actors by itself, for ten minutes and more
where there are 2,000: beside it stand a few of them, the loud and the quiet.
"""

import gc
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
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
from service.diplomacy.networks import Network
from service.errors import ParleyError
from service.questions.asking import Span, keys_of, resolved_ids
from service.questions.networks import NetworkQuestion, tied
from service.storage import ties
from service.storage.database import reading

HOPS, NODES = 2, range(100, 1_001)
NEIGHBOURHOODS, TRIED = 30, 20_000
ACTORS = 400
"""How many are put before networkx."""
TIMES = 3
_Found = TypeVar("_Found")
_EDGES = """
    SELECT tail.id, head.id FROM edge
    JOIN record AS tail ON tail.key = edge.tail JOIN record AS head ON head.key = edge.head
    WHERE edge.until IS NULL AND edge.relation <> ?
"""
_STATEMENTS = "SELECT id FROM record WHERE kind = ? ORDER BY key"


def congruence() -> dict[str, dict[str, float]]:
    """Seconds from the store to the network: of all actors, and of some, of whom networkx makes it too."""
    seconds, network = _congruence(None)
    found = {"congruence of all": {"actors": len(network.rows), "ties": network.size, "parley_s": seconds}}
    some = network.rows[:: max(1, len(network.rows) // ACTORS)]
    ours, network = _congruence(some)
    with reading():
        keys = keys_of(some, ("actor",), resolved_ids(some, None))
        held = [Held(*row) for row in ties.positions(ties.Scope(actors=keys), None)]
    scales = dict.fromkeys({one.issue for one in held}, STANCES)
    theirs, projected = _timed(lambda: with_networkx(held, scales))
    same(network, projected)
    found[f"congruence of {len(some)} of the actors"] = {
        "positions": len(held),
        "ties": network.size,
        "parley_s": ours,
        "networkx_s": round(theirs, 3),
        "times_faster": round(theirs / ours, 1),
    }
    return found


def _congruence(actors: Sequence[str] | None) -> tuple[float, Network]:
    """Seconds, the median of a few, and the network."""
    asked = NetworkQuestion("congruence", actors=actors)
    runs = [_timed(lambda: tied(asked, Span())) for _ in range(TIMES)]
    ((_, network),) = runs[-1][1].spells
    return round(median(seconds for seconds, _ in runs), 3), network


def neighbourhoods(database: Path) -> dict[str, float]:
    """Milliseconds of an answer inside the service, and of ``ego_graph`` on the graph in memory."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    graph: Any = nx.Graph()
    built, _ = _timed(lambda: graph.add_edges_from(connection.execute(_EDGES, (RELATIONS["merged-into"],))))
    call = inside.caller()
    call("/v1/graph?kinds=track&format=node-link")  # The first answer of its kind loads what writes it.
    gc.freeze()  # As in a worker: else the collector would look at millions of nodes while few are asked for.
    ours: list[float] = []
    theirs: list[float] = []
    sizes: list[int] = []
    for id in _seeds(connection, graph):
        ego_seconds, ego = _timed(partial(nx.ego_graph, graph, id, HOPS))
        if len(ego) not in NODES:
            continue
        path = f"/v1/graph?around={id}&hops={HOPS}&format=node-link"
        seconds, (_, answer) = _timed(partial(call, path))
        if {node["id"] for node in json.loads(answer)["nodes"]} != set(ego):
            raise ParleyError(f"{id} has other neighbours with networkx.")
        ours.append(seconds)
        theirs.append(ego_seconds)
        sizes.append(len(ego))
        if len(ours) == NEIGHBOURHOODS:
            break
    return {
        "neighbourhoods": len(ours),
        "nodes": median(sizes),
        "parley_ms": round(median(ours) * 1000, 2),
        "parley_longest_ms": round(max(ours) * 1000, 2),
        "networkx_ms": round(median(theirs) * 1000, 2),
        "networkx_build_s": round(built, 2),
    }


def _seeds(connection: apsw.Connection, graph: Any) -> Iterator[str]:
    """Statements, in no order, but for those of which one neighbour alone has too many of its own."""
    statements: Any = connection.execute(_STATEMENTS, (KINDS["statement"].code,)).fetchall()
    chance = random.Random(1)  # noqa: S311 -- nothing secret hangs on it
    for (id,) in chance.sample(statements, min(TRIED, len(statements))):
        if all(graph.degree(near) < NODES.stop for near in graph[id]):
            yield id


def _timed(act: Callable[[], _Found]) -> tuple[float, _Found]:
    began = time.perf_counter()
    found = act()
    return time.perf_counter() - began, found


if __name__ == "__main__":
    opened()
    figures = {**congruence(), "two hops": neighbourhoods(settings.load().home / "parley.db")}
    sys.stdout.write(json.dumps(figures) + "\n")
