"""Networks as files: each format by a real reader, with the same nodes, ties and windows; as HTTP has it."""

import csv
import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from service.exports.formats import FORMATS
from service.questions.networks import RELATIONS
from service.settings import Settings
from service.web.networks import MEDIA_TYPES
from tests.exports import reading
from tests.exports.reading import Read
from tests.web.network_store import CONGRUENCE, LABELS, fill
from tests.web.samples import PROBLEM
from tests.web.test_networks import asked, ties
from tests.web.test_openapi import check_answer

PLAIN = {"ann": "Ann", "bob": '=Bob "B"', "cy": "Сай"}


@pytest.fixture
def net(app: Flask, client: FlaskClient) -> FlaskClient:
    fill()
    return client


def by_dot(document: bytes) -> Read:
    if (program := shutil.which("dot")) is None:
        pytest.skip("There is no Graphviz here.")
    done = subprocess.run([program, "-Tdot_json"], input=document, capture_output=True, check=True)
    (read,) = reading.drawn(done.stdout.decode())
    return read


def by_igraph(document: bytes) -> Read:
    with TemporaryDirectory() as folder:  # The reader takes a path.
        return reading.graphml_by_igraph(document, Path(folder) / "graph.graphml")


READERS: list[tuple[str, Callable[[bytes], Read]]] = [
    ("gexf", reading.gexf_by_networkx),
    ("graphml", reading.graphml_by_networkx),
    ("graphml", by_igraph),
    ("cytoscape", reading.cytoscape_json),
    ("jgf", reading.json_graph),
    ("node-link", reading.node_link_by_networkx),
    ("dot", by_dot),
    ("csv", reading.tables),
]


def test_every_format_has_a_reader() -> None:
    assert {name for name, _ in READERS} == set(FORMATS)


def read(net: FlaskClient, network: str, name: str, reader: Callable[[bytes], Read]) -> Read:
    relation, _, query = network.partition("?")
    answer = net.get(f"/v1/networks/{relation}?{query}&format={name}")
    assert (answer.status_code, answer.mimetype) == (200, FORMATS[name].media_type)
    named = f'attachment; filename="parley-{relation}.{FORMATS[name].extension}"'
    assert answer.headers["Content-Disposition"] == named
    if name in ("gexf", "graphml"):
        etree.fromstring(answer.data)  # As a strict parser has it, too.
    return reader(answer.data)


@pytest.mark.parametrize(("name", "reader"), READERS)
def test_a_network_in_each_format(net: FlaskClient, name: str, reader: Callable[[bytes], Read]) -> None:
    found = read(net, "congruence", name, reader)
    assert not found.directed
    cell = reading.cell if name == "csv" else str
    assert {id: node["label"] for id, node in found.nodes.items()} == {
        id: cell(label) for id, label in PLAIN.items()
    }
    assert {(node["kind"], node["type"]) for node in found.nodes.values()} == {("actor", "person")}
    assert {edge["ends"]: edge["weight"] for edge in found.edges.values()} == CONGRUENCE
    assert {edge["relation"] for edge in found.edges.values()} == {"congruence"}


@pytest.mark.parametrize(("name", "reader"), READERS)
def test_mentions_have_a_direction(net: FlaskClient, name: str, reader: Callable[[bytes], Read]) -> None:
    found = read(net, "mentions", name, reader)
    assert found.directed
    assert {edge["ends"]: edge["weight"] for edge in found.edges.values()} == asked(net, "mentions")


@pytest.mark.parametrize(("name", "reader"), READERS)
def test_windows_are_one_dynamic_graph(net: FlaskClient, name: str, reader: Callable[[bytes], Read]) -> None:
    """Each node once, each edge for as long as its window."""
    found = read(net, "affiliation?windows=month", name, reader)
    assert {id: node["kind"] for id, node in found.nodes.items()} == {
        "ann": "actor", "bob": "actor", "cy": "actor", "peace": "issue", "vote": "issue",
    }  # fmt: skip
    wanted = set()
    for part in net.get("/v1/networks/affiliation?windows=month").json["windows"]:
        for pair, weight in ties(part).items():
            start, end = part["start"], part["end"]
            if name == "gexf":
                start, end = reading.moment("start", start), reading.moment("end", end)
            wanted.add((pair, weight, start, end))
    assert {
        (edge["ends"], edge["weight"], edge["start"], edge["end"]) for edge in found.edges.values()
    } == wanted
    assert len(found.edges) == len(wanted) == 7


def test_parallel_ties_of_windows_are_kept_apart(net: FlaskClient) -> None:
    found = read(net, "congruence?windows=month", "gexf", reading.gexf_by_networkx)
    assert sorted(edge["weight"] for edge in found.edges.values()) == [1.0, 1.5]
    assert {edge["ends"] for edge in found.edges.values()} == {("ann", "bob")}


def matrix(net: FlaskClient, network: str) -> list[list[str]]:
    answer = net.get(f"/v1/networks/{network}", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.content_type) == (200, "text/csv; charset=utf-8")
    named = f'attachment; filename="parley-{network.partition("?")[0]}.csv"'
    assert answer.headers["Content-Disposition"] == named
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), strict=True))


def test_the_matrix(net: FlaskClient) -> None:
    ann, bob, cy, vote = "Ann", "'" + LABELS["bob"], "Сай", "'-Vote"
    assert matrix(net, "subtract") == [
        ["", ann, bob, cy],
        [ann, "0.0", "-1.5", "1.0"],
        [bob, "-1.5", "0.0", "-1.0"],
        [cy, "1.0", "-1.0", "0.0"],
    ]
    assert matrix(net, "affiliation") == [
        ["", "Peace", vote],
        [ann, "3.0", "1.0"],
        [bob, "2.0", "1.0"],
        [cy, "0.0", "1.0"],
    ]
    assert matrix(net, "mentions?actors=ann,bob") == [
        ["", ann, bob],
        [ann, "0.0", "2.0"],
        [bob, "0.0", "0.0"],
    ]
    assert matrix(net, "mentions?actors=nobody") == [[]]


def test_a_series_is_no_matrix(net: FlaskClient) -> None:
    answer = net.get("/v1/networks/congruence?windows=month&format=matrix")
    assert (answer.status_code, answer.mimetype) == (406, PROBLEM)


def test_a_format_is_asked_for_as_http_has_it(net: FlaskClient) -> None:
    for name, media_type in MEDIA_TYPES.items():
        answer = net.get("/v1/networks/mentions", headers={"Accept": f"{media_type}, */*;q=0.1"})
        assert (answer.status_code, answer.mimetype) == (200, media_type), name
        assert net.get(f"/v1/networks/mentions?format={name}").data == answer.data
    for answer in (
        net.get("/v1/networks/mentions", headers={"Accept": "image/png"}),
        net.get("/v1/networks/mentions?format=gml"),
        net.get("/v1/networks/mentions/measures?format=gexf"),
    ):
        assert (answer.status_code, answer.mimetype) == (406, PROBLEM)


@pytest.mark.parametrize("path", ["congruence", "congruence/measures", "mentions?format=gexf"])
def test_an_unchanged_network_is_not_sent_again(net: FlaskClient, writer: FlaskClient, path: str) -> None:
    url = f"/v1/networks/{path}"
    tag = net.get(url).headers["ETag"]
    again = net.get(url, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Disposition" not in again.headers
    writer.put("/v1/actors/eve", json={"type": "person", "name": "Eve"})
    assert net.get(url, headers={"If-None-Match": tag}).status_code == 200


def test_a_tag_is_that_of_one_format(net: FlaskClient) -> None:
    """Who has the JSON has not the GEXF (RFC 9110, section 8.8.3: a strong tag is of one representation)."""
    tag = net.get("/v1/networks/mentions").headers["ETag"]
    answer = net.get(
        "/v1/networks/mentions", headers={"Accept": "application/gexf+xml", "If-None-Match": tag}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("relation", RELATIONS)
def test_the_json_is_as_described(net: FlaskClient, relation: str) -> None:
    api = net.get("/openapi.json").json
    for path in (f"/v1/networks/{relation}", f"/v1/networks/{relation}/measures"):
        for query in ("", "?windows=month", "?actors=dan"):
            answer = net.get(path + query)
            check_answer(api, "get", path, 200, answer.mimetype, answer.json)


def test_the_demo(demo: Settings, client: FlaskClient) -> None:
    """Trump: ending the war 2, progress 0; Witkoff: progress 2; Zelenskyy: ending the war 2, progress 2."""
    trump, witkoff, zelenskyy = "donald-trump", "steve-witkoff", "volodymyr-zelenskyy"
    near = {(trump, witkoff): 1 / 2, (trump, zelenskyy): 1 + 1 / 2, (witkoff, zelenskyy): 1}
    assert asked(client, "congruence") == near
    assert asked(client, "conflict") == {(trump, witkoff): 1 / 2, (trump, zelenskyy): 1 / 2}
    europe, ukraine = "european-representatives", "ukrainian-representatives"
    assert asked(client, "co-attendance?track=us-led-peace-talks") == {
        (europe, witkoff): 1, (europe, ukraine): 1, (witkoff, ukraine): 1,
    }  # fmt: skip
    # What was said of Putin is no stance of his; that it was said is a mention.
    assert ("volodymyr-zelenskyy", "vladimir-putin") in asked(client, "mentions")
    for name, reader in READERS:
        found = read(client, "mentions", name, reader)
        assert {edge["ends"]: edge["weight"] for edge in found.edges.values()} == asked(client, "mentions")
