"""nginx as docker/nginx.conf has it, before two services on one store."""

import http.client
import json
import socket
import time
from collections.abc import Iterator

import pytest
import requests

from scripts import cluster_processes as processes
from scripts import cluster_topology as topology
from scripts.cluster_processes import NotReady
from scripts.cluster_topology import Cluster
from service.web.problems import KINDS

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    try:
        with topology.cluster("no") as running:
            running.parley("demo")
            yield running
    except NotReady as error:
        if "is not installed" not in str(error):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def token(cluster: Cluster) -> str:
    return cluster.parley("token", "create", "--scope", "write", "--name", "proxied").split()[-1]


def refused(answer: requests.Response, status: int, name: str) -> None:
    """It is a problem document of a type that the service has, and says which server it was of no release."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)
    document = answer.json()
    assert (document["type"], document["status"]) == (f"/problems/{name}", status)
    assert document["title"] == KINDS[name].title
    assert answer.headers["Server"] == "nginx"
    assert answer.headers["X-Request-Id"]


def test_an_answer_comes_as_the_service_gives_it(cluster: Cluster) -> None:
    through, direct = (
        requests.get(f"http://127.0.0.1:{port}/v1/actors", headers={"Host": "desk.example.org"}, timeout=10)
        for port in (cluster.proxy, cluster.services["parley-1"])
    )
    assert through.content == direct.content
    for name in ("ETag", "Content-Type", "Server", "Vary"):
        assert through.headers[name] == direct.headers[name]
    page = requests.get(f"{cluster.url}/v1/actors?limit=1", headers={"Host": "desk.example.org"}, timeout=10)
    assert page.json()["next"].startswith("http://desk.example.org/v1/actors?")
    unchanged = {"Host": "desk.example.org", "If-None-Match": through.headers["ETag"]}
    assert requests.get(f"{cluster.url}/v1/actors", headers=unchanged, timeout=10).status_code == 304


def test_what_the_proxy_refuses_is_a_problem_document(cluster: Cluster, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = b" " * (1 << 20) + b"{}"
    url = f"{cluster.url}/v1/actors"
    refused(requests.post(url, body, headers=headers, timeout=10), 413, "too-large")
    refused(requests.get(f"{url}?{'x' * 9000}", timeout=10), 414, "malformed")
    refused(requests.get(url, headers={"X-Long": "x" * 9000}, timeout=10), 431, "malformed")
    refused(requests.request("TRACE", url, timeout=10), 405, "method-not-allowed")
    with socket.create_connection(("127.0.0.1", cluster.proxy), 10) as raw:
        raw.sendall(b"what is this\r\n\r\n")
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        assert (answer.status, answer.getheader("Content-Type")) == (400, PROBLEM)
        assert json.loads(answer.read())["type"] == "/problems/malformed"


def test_a_body_may_be_as_long_as_the_service_takes(cluster: Cluster, token: str) -> None:
    """And an import longer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    document = json.dumps({"type": "person", "name": "Kim"}).encode()
    padded = document + b" " * ((1 << 20) - len(document))
    assert requests.post(f"{cluster.url}/v1/actors", padded, headers=headers, timeout=20).status_code == 201
    lines = [
        json.dumps({"kind": "actor", "id": f"many-{n}", "type": "person", "name": "x" * 400})
        for n in range(5000)
    ]
    file = "\n".join(lines).encode()
    assert len(file) > 2 << 20
    headers["Content-Type"] = "application/x-ndjson"
    done = requests.post(f"{cluster.url}/v1/import?dry_run=true", file, headers=headers, timeout=60)
    assert done.json()["created"] == 5000


def test_a_caller_cannot_say_that_it_is_another(cluster: Cluster, token: str) -> None:
    log = cluster.folder / "proxy" / "access.log"
    headers = {"X-Forwarded-For": "203.0.113.7", "Authorization": f"Bearer {token}"}
    answer = requests.get(f"{cluster.url}/v1/search?q=secret", headers=headers, timeout=10)
    time.sleep(0.1)
    line = json.loads(log.read_text().splitlines()[-1])
    assert (line["address"], line["method"], line["path"]) == ("127.0.0.1", "GET", "/v1/search")
    assert line["id"] == answer.headers["X-Request-Id"]
    assert "secret" not in log.read_text()
    assert token not in log.read_text()


def test_one_service_is_enough_and_none_is_a_503_or_so(cluster: Cluster, token: str) -> None:
    """Last: nothing is as it was."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    processes.kill(cluster.running["parley-1"])
    reads = [requests.get(f"{cluster.url}/v1/actors?limit=1", timeout=10) for _ in range(20)]
    assert {read.status_code for read in reads} == {200}
    processes.kill(cluster.running["parley-2"])
    for answer in (
        requests.get(f"{cluster.url}/v1/actors", timeout=10),
        requests.put(f"{cluster.url}/v1/actors/one", b"{}", headers=headers, timeout=10),
        requests.post(f"{cluster.url}/v1/actors", b"{}", headers=headers, timeout=10),
    ):
        refused(answer, 502, "unavailable")
        assert answer.headers["Retry-After"] == "1"
    log = cluster.folder / "proxy" / "access.log"
    time.sleep(0.1)
    lines = [json.loads(line) for line in log.read_text().splitlines()[-3:]]
    assert [line["method"] for line in lines] == ["GET", "PUT", "POST"]
    assert "," not in lines[1]["upstream"], "a PUT was asked of both"
