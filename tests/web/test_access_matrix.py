"""Every route by every caller, on a real server: who is let in is what the API description says."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from schemas.vocabulary import SCOPES
from tests.conftest import ROOT, Server

Described = dict[str, Any]
CALLERS = ("no token", *SCOPES, "expired", "revoked")
SPENT = ("expired", "revoked")
METHODS = ("get", "put", "post", "delete", "patch")


@pytest.fixture(scope="module", params=["true", "false"], ids=["public", "private"])
def serving(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("matrix") / "home", PARLEY_PUBLIC_READ=request.param)
    running.parley("demo")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def callers(serving: Server) -> dict[str, dict[str, str]]:
    """The headers of each kind of caller."""
    made = {
        scope: serving.parley("token", "create", "--scope", scope, "--name", scope).stdout.strip()
        for scope in SCOPES
    }
    made["revoked"] = serving.parley("token", "create", "--scope", "admin").stdout.strip()
    number = json.loads(serving.parley("token", "list", "--json").stdout)[-1]["number"]
    serving.parley("token", "revoke", str(number))
    # The command makes none that has expired already: the shortest is a day.
    program = "from scripts.store import opened; from service.storage import tokens; opened(); "
    program += "print(tokens.create('expired', 'admin', expires_at=1))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=serving.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    made["expired"] = done.stdout.strip()
    return {"no token": {}} | {name: {"Authorization": f"Bearer {token}"} for name, token in made.items()}


def operations(api: Described) -> Iterator[tuple[str, str, Described]]:
    for path, item in api["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def declared(described: Described, caller: str) -> str:
    """What the description says of this caller: let in, 401 or 403."""
    security = described.get("security", [])
    if not security or (caller == "no token" and {} in security):
        return "let in"
    if caller in ("no token", *SPENT):
        return "401"
    enough = SCOPES.index(caller) >= SCOPES.index(described["x-scope"])
    return "let in" if enough else "403"


def test_every_cell_is_as_declared(serving: Server, callers: dict[str, dict[str, str]]) -> None:
    api = requests.get(f"{serving.url}/openapi.json", timeout=10).json()
    public = serving.environ["PARLEY_PUBLIC_READ"] == "true"
    before = requests.get(f"{serving.url}/v1/graph", headers=callers["read"], timeout=10).headers["ETag"]
    cells, seen = 0, set()
    with requests.Session() as session:
        for method, path, described in operations(api):
            url = serving.url + path.replace("{id}", "no-such-id").replace("{version}", "1")
            read = {"security": [{}, {"token": []}] if public else [{"token": []}], "x-scope": "read"}
            if method == "get" and path.startswith("/v1/"):
                assert {name: described[name] for name in read} == read, path
            for caller in CALLERS:
                # Bare: of what is let in, a write is refused later, and nothing is written.
                answer = session.request(method, url, headers=callers[caller], timeout=30)
                cell = str(answer.status_code) if answer.status_code in (401, 403) else "let in"
                assert cell == declared(described, caller), (method, path, caller, answer.text)
                assert str(answer.status_code) in described["responses"], (method, path, caller, answer.text)
                assert ("RateLimit" in answer.headers) == ("security" in described), (method, path, caller)
                cells += 1
                seen.add((caller, cell))
            if "security" in described:
                assert {"401", "429"} <= described["responses"].keys(), path
                assert ("403" in described["responses"]) == (described["x-scope"] != "read"), path
    assert cells == len(CALLERS) * sum(1 for _ in operations(api)) > 500
    # Every kind of refusal was met, and an admin's token opens everything.
    assert {(caller, "401") for caller in ("no token", *SPENT)} | {("read", "403")} <= seen
    assert {cell for caller, cell in seen if caller == "admin"} == {"let in"}
    after = requests.get(f"{serving.url}/v1/graph", headers=callers["read"], timeout=10).headers["ETag"]
    assert after == before, "something was written"


def test_pages_and_the_description_are_open_to_all(
    serving: Server, callers: dict[str, dict[str, str]]
) -> None:
    for path in ("/openapi.json", "/docs", "/docs/assets/swagger-ui.css", "/problems/", "/livez", "/readyz"):
        for caller in CALLERS:
            answer = requests.get(serving.url + path, headers=callers[caller], timeout=10)
            assert answer.status_code == 200, (path, caller)


def test_a_token_is_not_read_from_the_address(serving: Server, callers: dict[str, dict[str, str]]) -> None:
    token = callers["admin"]["Authorization"].removeprefix("Bearer ")
    for name in ("access_token", "token", "key"):
        answer = requests.post(f"{serving.url}/v1/actors?{name}={token}", json={}, timeout=10)
        assert answer.status_code == 401
        assert token not in answer.text
