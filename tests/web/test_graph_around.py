"""What is around a record, of random stores: what the whole graph has there, and nothing more."""

from random import Random

import networkx
import pytest
from flask.testing import FlaskClient

from tests.storage.walk import OPERATIONS, World
from tests.web.test_graph import graph

Edges = set[tuple[str, str, str]]


def edges(drawn: "networkx.MultiDiGraph[str]") -> Edges:
    return set(drawn.edges(keys=True))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_around_every_record_of_a_random_store(client: FlaskClient, seed: int) -> None:
    """Deleted, merged and amended records among them, as it is and as it was known."""
    world, random = World(), Random(seed)  # noqa: S311
    world.begin()
    for _ in range(60):
        world.write((random.choice(OPERATIONS), random.randrange(1_000), random.randrange(1_000)))
    revisions = client.get("/v1/changes?limit=1000").json["items"]
    for known in ({}, {"known_at": revisions[len(revisions) // 2]["recorded_at"]}):
        whole = graph(client, **known)
        assert whole.number_of_edges() > 20
        for id in whole:
            near = networkx.ego_graph(whole.to_undirected(), id, 2)
            drawn = graph(client, around=id, hops=2, **known)
            assert set(drawn) == set(near)
            assert edges(drawn) == edges(whole.subgraph(near))
