"""Measures over HTTP: values worked out by hand, windows, tables, refusals; networkx only when asked for."""

import csv
import io
import subprocess
import sys
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import recording
from service.diplomacy import measures
from service.diplomacy.changes import Change
from service.diplomacy.measures import MEASURES
from service.questions.network_files import COUNTED
from service.questions.networks import RELATIONS
from service.settings import Settings
from tests.conftest import ROOT, statement
from tests.web.network_store import fill
from tests.web.samples import parameters


@pytest.fixture
def net(app: Flask, client: FlaskClient) -> FlaskClient:
    fill()
    return client


def measured(client: FlaskClient, network: str, *names: str, **query: str) -> dict[str, Any]:
    asked = {"measures": ",".join(names), **query} if names else query
    answer = client.get(f"/v1/networks/{network}/measures", query_string=asked)
    assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
    found: dict[str, Any] = answer.json
    return found


def of(answer: dict[str, Any], name: str) -> dict[str, float]:
    return {node["id"]: node[name] for node in answer["nodes"]}


def test_what_is_counted_is_the_default(net: FlaskClient) -> None:
    """ann - bob 2.75, ann - cy 1; dan stands alone."""
    answer = measured(net, "congruence", actors="ann,bob,cy,dan")
    assert answer["relation"] == "congruence"
    assert answer["nodes"][1] == {
        "id": "bob", "kind": "actor", "type": "person", "label": '=Bob "B"',
        "degree": 1, "weighted-degree": 2.75, "component": 1,
    }  # fmt: skip
    assert of(answer, "degree") == {"ann": 2, "bob": 1, "cy": 1, "dan": 0}
    assert of(answer, "component") == {"ann": 1, "bob": 1, "cy": 1, "dan": 2}
    assert answer["network"] == {"nodes": 4, "ties": 2, "density": pytest.approx(2 / 6), "components": 2}


def test_central_and_divided(net: FlaskClient) -> None:
    answer = measured(
        net, "congruence", "betweenness", "pagerank", "eigenvector", "community", "polarisation"
    )
    assert of(answer, "betweenness") == {"ann": 1, "bob": 0, "cy": 0}
    assert sum(of(answer, "pagerank").values()) == pytest.approx(1)
    # In a star whose arms weigh 2.75 and 1, of length 1.
    length = (2.75**2 + 1) ** 0.5
    values = {"ann": 2**-0.5, "bob": 2.75 / length / 2**0.5, "cy": 1 / length / 2**0.5}
    assert of(answer, "eigenvector") == pytest.approx(values)
    assert list(answer["network"]) == ["polarisation"]
    assert of(measured(net, "mentions", "degree"), "degree") == {"ann": 2, "bob": 3, "cy": 3}
    assert measured(net, "affiliation", "density")["network"] == {"density": pytest.approx(5 / 6)}


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_measure_of_every_relation(net: FlaskClient, relation: str) -> None:
    answer = measured(net, relation, *MEASURES)
    assert answer["nodes"]
    for name, measure in MEASURES.items():
        parts = answer["nodes"] if measure.of == "node" else [answer["network"]]
        assert all(name in part for part in parts), name


def test_windows(net: FlaskClient) -> None:
    parts = measured(net, "congruence", "weighted-degree", "density", windows="month")["windows"]
    assert [(part["label"], part["start"], part["end"]) for part in parts] == [
        ("2025-11", "2025-11-01", "2025-11-30"),
        ("2025-12", "2025-12-01", "2025-12-31"),
    ]
    assert [of(part, "weighted-degree") for part in parts] == [
        {"ann": 1.5, "bob": 1.5},
        {"ann": 1, "bob": 1, "cy": 0},
    ]
    assert [part["network"]["density"] for part in parts] == [1, pytest.approx(1 / 3)]


def table(client: FlaskClient, query: str) -> list[dict[str, str]]:
    answer = client.get(f"/v1/networks/congruence/measures?{query}", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="parley-congruence-measures.csv"'
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), strict=True))


def test_the_table(net: FlaskClient) -> None:
    found = table(net, "measures=density,degree")
    assert list(found[0]) == ["Id", "Kind", "Type", "Label", "degree", "density"]
    assert [(row["Id"], row["Label"], row["degree"]) for row in found] == [
        ("ann", "Ann", "2"), ("bob", "'=Bob \"B\"", "1"), ("cy", "Сай", "1"),
    ]  # fmt: skip
    assert {float(row["density"]) for row in found} == {2 / 3}
    found = table(net, "measures=degree&windows=month")
    assert [(row["Window"], row["Start"], row["Id"]) for row in found] == [
        ("2025-11", "2025-11-01", "ann"), ("2025-11", "2025-11-01", "bob"), ("2025-12", "2025-12-01", "ann"),
        ("2025-12", "2025-12-01", "bob"), ("2025-12", "2025-12-01", "cy"),
    ]  # fmt: skip


def test_what_is_not_determined_has_an_empty_cell(net: FlaskClient) -> None:
    only = "actors=dan&measures=density,polarisation,degree"
    assert measured(net, "congruence", "density", "polarisation", actors="dan")["network"] == {
        "density": None, "polarisation": None,
    }  # fmt: skip
    assert [(row["degree"], row["density"], row["polarisation"]) for row in table(net, only)] == [
        ("0", "", "")
    ]


def test_refusals(net: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/v1/networks/congruence/measures"
    assert parameters(net.get(f"{path}?measures=fame&windows=day&x=1")) == ["measures", "windows", "x"]
    assert parameters(net.get(f"{path}?measures=")) == ["measures"]
    # A network of two ties is too large where no more than one is let in; to count is always let in.
    monkeypatch.setattr(measures, "MOST_TIES", 1)
    assert parameters(net.get(f"{path}?measures=pagerank")) == ["measures"]
    assert parameters(net.get(f"{path}?measures=pagerank&windows=month")) == ["measures"]
    assert net.get(f"{path}?measures={','.join(COUNTED)}").status_code == 200
    monkeypatch.undo()
    monkeypatch.setattr(measures, "MOST_PATHS", 4)
    assert parameters(net.get(f"{path}?measures=betweenness")) == ["measures"]
    # Each window is small enough (2 nodes x 1 tie, 3 x 1), both together are not.
    assert parameters(net.get(f"{path}?measures=betweenness&windows=month")) == ["measures"]
    assert net.get(f"{path}?measures=betweenness&windows=month&to=2025-11-30").status_code == 200


def test_a_large_network_is_refused_at_once(app: Flask, client: FlaskClient) -> None:
    """As it really is: more than a quarter of a million ties."""
    fill()
    many = [
        Change("actor", f"a{n}", {"kind": "actor", "type": "person", "name": f"A {n}"}) for n in range(720)
    ]
    many += [
        Change("statement", f"x{n}", statement(speaker=f"a{n}", sources=[{"source": "post"}],
               positions=[{"issue": "peace", "stance": 1}]))
        for n in range(720)
    ]  # fmt: skip
    recording.write(many, "us")
    path = "/v1/networks/ignore/measures"
    assert parameters(client.get(f"{path}?measures=betweenness")) == ["measures"]
    assert client.get(path).json["network"]["ties"] == 722 * 721 // 2 + 2


def test_each_is_described(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").json["paths"]
    for relation in RELATIONS:
        taken = {
            found["name"]: found for found in paths[f"/v1/networks/{relation}/measures"]["get"]["parameters"]
        }
        assert taken["measures"]["schema"]["default"] == list(COUNTED)
        assert all(measure.about in taken["measures"]["description"] for measure in MEASURES.values())


def test_networkx_is_loaded_only_for_what_needs_it(demo: Settings) -> None:
    program = (
        "import sys\n"
        "from service.app import create_app\n"
        "client = create_app().test_client()\n"
        "def loaded(path):\n"
        "    answer = client.get('/v1/networks/congruence' + path)\n"
        "    assert answer.status_code == 200 and answer.data, answer.text\n"
        "    return any(name.split('.')[0] in ('networkx', 'numpy', 'scipy') for name in sys.modules)\n"
        "paths = '', '?format=gexf', '/measures', '/measures?measures=pagerank'\n"
        "print(*map(loaded, paths))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert result.stdout.split() == ["False", "False", "False", "True"]
