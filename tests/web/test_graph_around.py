"""What is around a record, of random stores: what the whole graph has there, and nothing more."""

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import TypeAlias

import networkx
import pytest
from flask.testing import FlaskClient

from service import recording
from service.diplomacy.changes import Change
from tests.conftest import ACTOR
from tests.storage.walk import OPERATIONS, World
from tests.web.test_graph import graph

Edges = set[tuple[str, str, str]]


Drawn: TypeAlias = "networkx.MultiDiGraph[str]"


def edges(drawn: Drawn) -> Edges:
    return set(drawn.edges(keys=True))


def drawn_then_and_now(client: FlaskClient, seed: int) -> Iterator[tuple[Drawn, dict[str, str]]]:
    """The whole graph of a random store, and what to add to a question about it."""
    world, random = World(), Random(seed)  # noqa: S311
    world.begin()
    for _ in range(60):
        world.write((random.choice(OPERATIONS), random.randrange(1_000), random.randrange(1_000)))
    revisions = client.get("/v1/changes?limit=1000").json["items"]
    for known in ({}, {"known_at": revisions[len(revisions) // 2]["recorded_at"]}):
        whole = graph(client, **known)
        assert whole.number_of_edges() > 20
        yield whole, known


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_around_every_record_of_a_random_store(client: FlaskClient, seed: int) -> None:
    """Deleted, merged and amended records among them, as it is and as it was known."""
    for whole, known in drawn_then_and_now(client, seed):
        for id in whole:
            near = networkx.ego_graph(whole.to_undirected(), id, 2)
            drawn = graph(client, around=id, hops=2, **known)
            assert set(drawn) == set(near)
            assert edges(drawn) == edges(whole.subgraph(near))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_names_an_actor_and_an_issue_in_a_random_store(client: FlaskClient, seed: int) -> None:
    """All that the records state which name it, and what it states itself."""
    for whole, known in drawn_then_and_now(client, seed):
        naming: dict[str, set[str]] = {}
        for tail, head, data in whole.edges(data=True):
            for end in (tail, head):
                naming.setdefault(end, {end}).add(data["record"])
        kinds = dict(whole.nodes(data="kind"))
        actors, issues = ([id for id in whole if kinds[id] == kind] for kind in ("actor", "issue"))
        for actor, issue in product(actors, issues):
            for asked in ({"actor": actor}, {"issue": issue}, {"actor": actor, "issue": issue}):
                wanted = set.intersection(*(naming.get(id, {id}) for id in asked.values()))
                stated = {
                    (tail, head, key)
                    for tail, head, key, data in whole.edges(keys=True, data=True)
                    if data["record"] in wanted
                }
                assert edges(graph(client, **asked, **known)) == stated


@pytest.mark.parametrize("hops", [1, 2])
def test_a_membership_leads_on_if_it_held_then(client: FlaskClient, hops: int) -> None:
    """As in the whole graph: not what was over."""
    ann = [
        {"organization": "new", "from": "2025-01", "until": "2026-12"},
        {"organization": "old", "from": "2019", "until": "2020"},
    ]
    bob = [{"organization": "old", "from": "2025-01", "until": "2026-12"}]
    actors = {
        "new": ACTOR,
        "old": ACTOR,
        "ann": {**ACTOR, "memberships": ann},
        "bob": {**ACTOR, "memberships": bob},
    }
    recording.write([Change("actor", id, actor) for id, actor in actors.items()], "test")
    assert set(graph(client, as_of="2025-12-01")) == set(actors)
    drawn = graph(client, around="ann", hops=hops, as_of="2025-12-01")
    assert (set(drawn), [*drawn.edges()]) == ({"ann", "new"}, [("ann", "new")])
