"""Measures against networkx itself, worked examples, and what has no answer."""

import subprocess
import sys
from math import isclose, sqrt

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networkx.algorithms.link_analysis.pagerank_alg import _pagerank_python

from service.diplomacy import measures
from service.diplomacy.agreement import affiliation, counted
from service.diplomacy.contacts import Mention, mentions
from service.diplomacy.measures import MEASURES, measure
from service.diplomacy.networks import Network, line
from service.errors import InvalidParameters

NAMES = "abcdefgh"


def network(ties: dict[tuple[str, str], float], nodes: str = NAMES, directed: bool = False) -> Network:
    ids = tuple(nodes)
    weights = [
        [
            0.0 if row == column else ties.get((row, column), 0.0)
            for column in ids[0 if directed else place + 1 :]
        ]
        for place, row in enumerate(ids)
    ]
    firsts = [0 if directed else place + 1 for place in range(len(ids))]
    lines = tuple(line(range(first, len(ids)), row) for first, row in zip(firsts, weights, strict=True))
    return Network(ids, ids, lines, directed=directed)


@st.composite
def networks(draw: st.DrawFn, least: int = -3) -> Network:
    weights = st.integers(least, 9).map(float)
    pairs = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1])
    directed = draw(st.booleans())
    ties = draw(st.dictionaries(pairs if directed else pairs.map(lambda p: tuple(sorted(p))), weights))
    return network(ties, directed=directed)


def graph_of(found: Network, positive: bool = True) -> nx.Graph:
    graph = nx.DiGraph() if found.directed else nx.Graph()
    graph.add_nodes_from(found.nodes)
    for row, column, weight in found.edges():
        if weight > 0 or not positive:
            graph.add_edge(row, column, weight=weight, length=1 / weight)
    return graph


@settings(max_examples=150)
@given(networks())
def test_as_networkx_has_them(found: Network) -> None:
    values = measure(found)
    of, whole = (
        {name: dict(zip(values.ids, each, strict=True)) for name, each in values.nodes.items()},
        values.network,
    )
    every, positive = graph_of(found, positive=False), graph_of(found)
    assert of["degree"] == dict(every.degree())
    assert of["weighted-degree"] == pytest.approx(dict(every.degree(weight="weight")))
    assert of["betweenness"] == pytest.approx(nx.betweenness_centrality(positive, weight="length"))
    ranks = _pagerank_python(positive, tol=1e-12, max_iter=1000)
    assert of["pagerank"] == pytest.approx(ranks, abs=1e-9)
    assert whole["density"] == pytest.approx(nx.density(every))
    components = list((nx.weakly_connected_components if found.directed else nx.connected_components)(every))
    assert whole["components"] == len(components)
    assert {frozenset(c) for c in components} == groups(of["component"])
    assert (whole["nodes"], whole["ties"]) == (len(NAMES), every.number_of_edges())
    assert whole["communities"] == len(groups(of["community"]))
    if positive.size():
        expected = nx.community.modularity(positive, [set(group) for group in groups(of["community"])])
        assert whole["polarisation"] == pytest.approx(expected)
    else:
        assert whole["polarisation"] is None
    assert measure(found) == values


def groups(numbers: dict[str, float | None]) -> set[frozenset[str]]:
    return {frozenset(node for node in numbers if numbers[node] == number) for number in numbers.values()}


@settings(max_examples=150)
@given(networks())
def test_eigenvector_solves_its_equation_or_is_not_given(found: Network) -> None:
    values = dict(zip(found.nodes, measure(found, ["eigenvector"]).nodes["eigenvector"], strict=True))
    graph = graph_of(found)
    tied = [node for node in graph if graph.degree(node)]
    part = graph.subgraph(tied)
    connected = nx.is_strongly_connected if found.directed else nx.is_connected
    if tied and not connected(part):
        assert set(values.values()) == {None}
        return
    assert isclose(sqrt(sum((value or 0) ** 2 for value in values.values())), 1 if tied else 0, abs_tol=1e-9)
    into = {node: graph.pred[node] if found.directed else graph.adj[node] for node in graph}
    image = {n: sum(values[other] * tie["weight"] for other, tie in into[n].items()) for n in graph}
    length = sqrt(sum(value**2 for value in image.values()))
    assert values == pytest.approx(
        {n: value / length if length else 0 for n, value in image.items()}, abs=1e-5
    )


def test_a_chain_of_three_and_one_alone() -> None:
    values = measure(network({("a", "b"): 2, ("b", "c"): 1}, "abcd"))
    assert values.ids == ("a", "b", "c", "d")
    assert values.nodes["degree"] == [1, 2, 1, 0]
    assert values.nodes["weighted-degree"] == [2, 3, 1, 0]
    # The one pair of others that b lies between, of three pairs.
    assert values.nodes["betweenness"] == pytest.approx([0, 1 / 3, 0, 0])
    # The eigenvector of [[0 2 0] [2 0 1] [0 1 0]] to √5.
    assert values.nodes["eigenvector"] == pytest.approx([2 / sqrt(10), sqrt(5) / sqrt(10), 1 / sqrt(10), 0])
    assert values.nodes["component"] == [1, 1, 1, 2]
    assert values.network["density"] == 2 / 6
    assert values.network["components"] == 2


def test_a_strong_tie_is_a_short_one() -> None:
    # From a to c it is 1/4 + 1/4 by way of b, and 1 straight on.
    values = measure(network({("a", "b"): 4, ("b", "c"): 4, ("a", "c"): 1}, "abc"), ["betweenness"])
    assert values.nodes == {"betweenness": [0, 1, 0]}
    assert values.network == {}


def test_two_camps_are_polarised_and_one_is_not() -> None:
    camps = {pair: 1.0 for camp in ("abcd", "efgh") for pair in zip(camp, camp[1:] + camp[0], strict=True)}
    camps = {(min(pair), max(pair)): weight for pair, weight in camps.items()}
    values = measure(network(camps), ["community", "communities", "polarisation"])
    assert values.nodes["community"] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert values.network == {"communities": 2, "polarisation": 0.5}
    # What they hold against each other does not bring them together.
    against = measure(network({**camps, ("a", "e"): -3.0}), ["polarisation", "components"])
    assert against.network == {"polarisation": 0.5, "components": 1}
    one = {(row, column): 1.0 for row in "abcd" for column in "abcd" if row < column}
    assert measure(network(one, "abcd"), ["polarisation"]).network == {"polarisation": pytest.approx(0)}


def test_a_two_mode_network() -> None:
    said = counted([("ann", "land", 1, 2), ("bob", "land", 0, 1), ("bob", "nato", 1, 1)])
    values = measure(affiliation(said, {"land": (0, 1), "nato": (0, 1)}))
    assert values.ids == ("ann", "bob", "land", "nato")
    assert values.nodes["degree"] == [1, 2, 2, 1]
    assert values.network["density"] == 3 / 4
    assert values.nodes["component"] == [1, 1, 1, 1]


def test_a_directed_network() -> None:
    values = measure(
        mentions([Mention("s", "ann", "bob"), Mention("t", "bob", "ann"), Mention("u", "ann", "cem")])
    )
    assert values.nodes["degree"] == [3, 2, 1]
    assert values.network["density"] == 3 / 6
    assert values.nodes["eigenvector"] == [None, None, None]
    assert values.network["components"] == 1


@pytest.mark.parametrize("nodes", ["", "a", "ab"])
def test_nothing_to_measure(nodes: str) -> None:
    values = measure(network({}, nodes))
    assert (
        values.nodes["degree"]
        == values.nodes["eigenvector"]
        == values.nodes["betweenness"]
        == [0] * len(nodes)
    )
    assert sum(rank or 0 for rank in values.nodes["pagerank"]) == (1 if nodes else 0)
    assert values.nodes["component"] == values.nodes["community"] == list(range(1, len(nodes) + 1))
    assert values.network["polarisation"] is None
    assert values.network["density"] == (0 if nodes == "ab" else None)


def test_every_measure_is_defined_and_nothing_else() -> None:
    values = measure(network({}))
    assert {*values.nodes, *values.network} == MEASURES.keys()
    assert {name for name, found in MEASURES.items() if found.of == "node"} == values.nodes.keys()
    assert all(found.about for found in MEASURES.values())


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(InvalidParameters) as refused:
        measure(network({}), ["degree", "closeness"])
    assert refused.value.faults[0].place == "measures"


def test_what_would_take_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = network({("a", "b"): 1, ("b", "c"): 1}, "abc")
    monkeypatch.setattr(measures, "MOST_PATHS", 5)
    with pytest.raises(InvalidParameters, match="too long"):
        measure(chain, ["betweenness"])
    assert measure(chain, ["community"]).nodes["community"] == [1, 1, 1]
    monkeypatch.setattr(measures, "MOST_TIES", 1)
    with pytest.raises(InvalidParameters, match="too long"):
        measure(chain, ["pagerank"])
    assert measure(chain, ["degree", "component", "density"]).nodes["degree"] == [1, 2, 1]


def test_neither_numpy_nor_scipy_is_needed_nor_networkx_for_the_rest() -> None:
    program = (
        "import sys\n"
        "sys.modules['numpy'] = sys.modules['scipy'] = None\n"
        "from service.diplomacy.measures import measure\n"
        "from service.diplomacy.contacts import TookPart, co_attendance\n"
        "met = co_attendance([TookPart('x', 'ann'), TookPart('x', 'bob')])\n"
        "measure(met, ['degree', 'components', 'density'])\n"
        "assert 'networkx' not in sys.modules\n"
        "print(measure(met).nodes['eigenvector'])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    first, second = map(float, done.stdout.strip("[]\n").split(","))
    assert isclose(first, second)
