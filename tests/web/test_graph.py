"""GET /v1/graph: every format, filters, time, and what it is as a download."""

import csv
import io
import json
import logging
import zipfile
from typing import Any

import networkx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import recording
from service.app import create_app
from service.diplomacy.changes import ANY, Change
from service.exports.formats import FORMATS
from service.settings import Settings
from service.storage import records
from tests.conftest import ACTOR, statement


@pytest.fixture
def reader(demo: Settings) -> FlaskClient:
    """A caller of the service on the demo negotiation."""
    return create_app(demo).test_client()


def graph(client: FlaskClient, **query: Any) -> networkx.MultiDiGraph:
    answer = client.get("/v1/graph", query_string={"format": "node-link", **query})
    assert answer.status_code == 200, answer.text
    return networkx.node_link_graph(json.loads(answer.data), edges="edges")


def relations(drawn: networkx.MultiDiGraph) -> set[str]:
    return {data["relation"] for *_, data in drawn.edges(data=True)}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_by_name_and_by_media_type(reader: FlaskClient, name: str) -> None:
    by_name = reader.get(f"/v1/graph?format={name}", buffered=True)
    by_type = reader.get("/v1/graph", headers={"Accept": FORMATS[name].media_type}, buffered=True)
    assert by_name.status_code == by_type.status_code == 200
    assert by_name.data == by_type.data
    assert by_name.mimetype == by_type.mimetype == FORMATS[name].media_type
    disposition = f'attachment; filename="parley-graph.{FORMATS[name].extension}"'
    assert by_name.headers["Content-Disposition"] == disposition
    head = reader.head(f"/v1/graph?format={name}")
    assert (head.status_code, head.data) == (200, b"")


def test_formats_hold_the_same_graph(reader: FlaskClient) -> None:
    drawn = graph(reader)
    assert drawn.number_of_nodes() == records.latest() == 74
    gexf = networkx.read_gexf(io.BytesIO(reader.get("/v1/graph?format=gexf").data))
    graphml = networkx.read_graphml(io.BytesIO(reader.get("/v1/graph?format=graphml").data))
    archive = zipfile.ZipFile(io.BytesIO(reader.get("/v1/graph?format=csv").data))
    rows = list(csv.DictReader(io.TextIOWrapper(archive.open("edges.csv"), "utf-8-sig")))
    cytoscape = reader.get("/v1/graph?format=cytoscape").json["elements"]
    for nodes, edges in (
        (len(gexf), gexf.number_of_edges()),
        (len(graphml), graphml.number_of_edges()),
        (drawn.number_of_nodes(), len(rows)),
        (len(cytoscape["nodes"]), len(cytoscape["edges"])),
    ):
        assert (nodes, edges) == (drawn.number_of_nodes(), drawn.number_of_edges())
    trump = gexf.nodes["donald-trump"]
    assert (trump["label"], trump["kind"], trump["type"]) == ("Donald Trump", "actor", "person")


def test_a_position_is_an_edge_from_its_holder_to_the_issue(reader: FlaskClient) -> None:
    drawn = graph(reader, relations="position", issue="donbas-cession")
    ((tail, head, data),) = drawn.edges(data=True)
    assert (tail, head) == ("donald-trump", "donbas-cession")
    assert data["stance"] == 2
    assert data["status"] == "attested"
    assert data["record"] == "trump-urges-donbas-cession"
    assert set(drawn) == {"donald-trump", "donbas-cession"}


def test_filters(reader: FlaskClient) -> None:
    assert {data["kind"] for _, data in graph(reader, kinds="actor,issue").nodes(data=True)} == {
        "actor",
        "issue",
    }
    assert relations(graph(reader, relations="took-part,cites")) == {"took-part", "cites"}
    kiper = graph(reader, actor="oleh-kiper")
    assert "oleh-kiper" in kiper
    assert "starmer-trump-call-2025" not in kiper
    track = graph(reader, track="us-led-peace-talks")
    assert "florida-talks-2025-12-21" in track
    assert "starmer-trump-call-2025" not in track
    day = graph(reader, **{"from": "2025-12-21", "to": "2025-12-21", "relations": "took-part"})
    assert "florida-talks-2025-12-21" in day
    before = graph(reader, as_of="2025-12-20", relations="made")
    assert before.number_of_edges() == 0


def test_what_is_around_a_record(reader: FlaskClient) -> None:
    whole = graph(reader).to_undirected()
    for hops in (1, 2, 3):
        near = networkx.ego_graph(whole, "steve-witkoff", hops)
        drawn = graph(reader, around="steve-witkoff", hops=hops)
        assert set(drawn) == set(near)
        assert drawn.number_of_edges() == near.number_of_edges()


def test_known_at_and_a_merge(writer: FlaskClient, app: Flask) -> None:
    documents = {
        "ann": ACTOR,
        "anna": ACTOR,
        "source": {"kind": "source", "type": "article", "title": "A paper"},
        "said": statement(speaker="anna", text="=1+1"),
    }
    changes = [Change(document["kind"], id, document) for id, document in documents.items()]
    recording.write(changes, "test")
    before = writer.get("/v1/actors/anna").json["recorded_at"]
    recording.merge("actor", "anna", "ann", "test")
    assert set(graph(writer)) == {"ann", "source", "said"}
    assert graph(writer).has_edge("ann", "said")
    assert graph(writer, known_at=before).has_edge("anna", "said")
    assert set(graph(writer, known_at=before)) == {"ann", "anna", "source", "said"}
    assert graph(writer, actor="anna").has_edge("ann", "said")
    assert graph(writer, known_at="2000").number_of_nodes() == 0


@pytest.mark.parametrize("query", ["actor=anna", "around=anna"])
def test_what_became_something_that_is_gone_is_not_there(writer: FlaskClient, query: str) -> None:
    recording.write([Change("actor", id, ACTOR) for id in ("ann", "anna")], "test")
    recording.merge("actor", "anna", "ann", "test")
    assert writer.get(f"/v1/graph?{query}", buffered=True).status_code == 200
    recording.write([Change("actor", "ann", None, replaces=ANY)], "test")
    assert writer.get(f"/v1/graph?{query}").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("actor=nobody", 404),
        ("actor=donbas-cession", 404),
        ("around=nobody", 404),
        ("kinds=person", 422),
        ("relations=merged-into", 422),
        ("around=ukraine&hops=4", 422),
        ("hops=x", 422),
        ("as_of=someday", 422),
        ("limit=1", 422),
        ("format=gml", 406),
    ],
)
def test_what_is_refused(reader: FlaskClient, query: str, status: int) -> None:
    answer = reader.get(f"/v1/graph?{query}")
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_304_while_nothing_changed_and_only_for_the_same_format(reader: FlaskClient) -> None:
    first = reader.get("/v1/graph", headers={"Accept": "text/vnd.graphviz"}, buffered=True)
    tag = {"If-None-Match": first.headers["ETag"]}
    assert reader.get("/v1/graph", headers={**tag, "Accept": "text/vnd.graphviz"}).status_code == 304
    assert reader.get("/v1/graph", headers={**tag, "Accept": "application/gexf+xml"}).status_code == 200
    assert "Accept" in first.headers["Vary"]


def test_it_is_streamed(reader: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "peewee")
    pieces = iter(reader.get("/v1/graph?format=gexf", buffered=False).iter_encoded())
    assert next(pieces).startswith(b"<?xml")
    assert "ORDER BY" not in caplog.text  # Neither nodes nor edges have been asked for.
    assert b"</gexf>" in b"".join(pieces)
    assert caplog.text.count("ORDER BY") == 2
