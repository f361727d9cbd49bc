"""Who may do what: every operation of the API description, by every kind of caller."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import settings as all_settings
from service.app import create_app
from service.settings import Settings
from service.storage import tokens
from tests.behind import Raw
from tests.conftest import caller
from tests.web.samples import MINIMAL, PROBLEM, newest, path

GARBAGE = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer  ",
    "bearer x",
    "Bearer x y",
    "Basic dXNlcjpwYXNz",
    "Token x",
    "x",
]
GARBAGE += [
    "Bearer parley_",
    "Bearer \xe9",
    "Bearer " + "a" * 8_000,
    "Bearer null",
    "Bearer '; DROP TABLE token",
]


def operations(app: Flask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation."""
    paths = app.test_client().get("/openapi.json").json["paths"]
    for template, methods in paths.items():
        url = template.replace("{id}", "no-such-id").replace("{version}", "1")
        for method, described in methods.items():
            yield method.upper(), f"{url}?q=a" if url.endswith("/search") else url, described


def status(client: FlaskClient, method: str, url: str, authorization: str | None) -> int:
    """The status that a bare request gets: a write is refused in any case, later if not for its token."""
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client.open(url, method=method, headers=headers)
    if answer.status_code in (401, 403):
        assert answer.mimetype == PROBLEM
    if answer.status_code == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    return answer.status_code


def bearer(scope: str, expires_at: int | None = None) -> str:
    return f"Bearer {tokens.create(scope, scope, expires_at)}"


@pytest.fixture
def spent(app: Flask) -> list[str]:
    """Tokens that were good once, or never."""
    expired = bearer("admin", expires_at=time.time_ns() // 1000 - 1)
    revoked = bearer("admin")
    tokens.revoke(tokens.everyone()[-1].key)
    good = bearer("admin")
    mangled = [
        good[:-1],
        good + "x",
        good.replace("parley_", ""),
        good.swapcase().replace("bEARER", "Bearer"),
    ]
    return [expired, revoked, f"{good}, {good}", *mangled]


@pytest.mark.parametrize("public", [True, False])
def test_every_operation_asks_for_its_scope(
    store: Settings, monkeypatch: pytest.MonkeyPatch, spent: list[str], public: bool
) -> None:
    monkeypatch.setenv("PARLEY_PUBLIC_READ", str(public).lower())
    app = create_app(all_settings.load())
    client = app.test_client()
    scopes = {scope: bearer(scope) for scope in ("read", "write", "admin")}
    kinds = set()
    for method, url, described in operations(app):
        needs = described.get("x-scope", "nothing")
        kinds.add(needs)
        anonymous = status(client, method, url, None)
        assert (anonymous == 401) == (needs == "write" or (needs == "read" and not public)), (method, url)
        for scope, authorization in scopes.items():
            enough = needs != "write" or scope != "read"
            assert (status(client, method, url, authorization) == 403) == (not enough), (method, url, scope)
        if needs == "nothing":
            assert status(client, method, url, "Bearer x") == 200
            continue
        # A token that is sent must be good, also where none is needed.
        for wrong in (*spent, *GARBAGE):
            assert status(client, method, url, wrong) == 401, (method, url, wrong)
    assert kinds == {"nothing", "read", "write"}
    # What a browser needs in order to show the description, and who watches the service, need no token.
    for url in ("/openapi.json", "/docs", "/docs/assets/swagger-ui.css", "/problems/", "/livez", "/readyz"):
        with client.get(url) as answer:
            assert answer.status_code == 200, url
    assert client.head("/v1/actors").status_code == (200 if public else 401)


def test_who_may_not_read_learns_not_how_much_there_is(
    world: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_PUBLIC_READ", "false")
    app = create_app(all_settings.load())
    stranger, reader = app.test_client(), caller(app, "read")
    for method, url, described in operations(app):
        if method != "GET":
            continue
        reads = "x-scope" in described
        for seen in ("0", "999999", "x"):
            answer = stranger.get(url, headers={"Parley-Revision": seen})
            assert answer.status_code == (401 if reads else 200), (url, seen)
            if reads:
                assert answer.headers["RateLimit"], "it counts"
        if reads:
            assert reader.get(url, headers={"Parley-Revision": "999999"}).status_code == 412, url


def test_nothing_is_written_without_the_scope(world: FlaskClient, app: Flask, client: FlaskClient) -> None:
    at = newest(world)
    for refused, expected in ((client, 401), (caller(app, "read"), 403)):
        for kind, document in MINIMAL.items():
            assert refused.post(path(kind), json=document).status_code == expected
            answer = refused.put(path(kind, "mine"), json={"not": "even valid"})
            assert answer.status_code == expected  # Who may not write learns nothing of the document.
        assert refused.delete("/v1/actors/bob", headers={"If-Match": "*"}).status_code == expected
    assert newest(world) == at


def test_a_token_stops_working_at_once(world: FlaskClient, app: Flask) -> None:
    writer = caller(app, "write")
    assert writer.post("/v1/actors", json=MINIMAL["actor"]).status_code == 201
    tokens.revoke(tokens.everyone()[-1].key)
    assert writer.post("/v1/actors", json=MINIMAL["actor"]).status_code == 401
    soon = app.test_client()
    authorization = bearer("write", expires_at=time.time_ns() // 1000 + 300_000)
    soon.environ_base["HTTP_AUTHORIZATION"] = authorization.replace("Bearer", "bearer")
    assert soon.post("/v1/actors", json=MINIMAL["actor"]).status_code == 201
    time.sleep(0.35)
    assert soon.post("/v1/actors", json=MINIMAL["actor"]).status_code == 401


def test_who_wrote_is_the_name_of_the_token(world: FlaskClient) -> None:
    world.put("/v1/actors/mine", json=MINIMAL["actor"])
    (entry,) = world.get("/v1/actors/mine/revisions").json["items"]
    assert entry["recorded_by"] == "write-test"


def test_no_token_is_kept_in_clear(world: FlaskClient, store: Settings) -> None:
    secrets = [tokens.create("named-in-the-file", scope) for scope in ("read", "write", "admin")]
    secrets.append(world.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer "))
    for secret in secrets:
        authorization = {"Authorization": f"Bearer {secret}"}
        assert world.get("/v1/actors", headers=authorization).status_code == 200
    files = [file for file in Path(store.home).rglob("*") if file.is_file()]
    held = b"".join(file.read_bytes() for file in files)
    if not store.database_url.startswith("sqlite:"):
        behind = Raw(store)
        held += "".join(row for (row,) in behind.execute("SELECT token::text FROM token").fetchall()).encode()
        behind.close()
    assert b"named-in-the-file" in held
    for secret in secrets:
        assert len(secret) > 40
        assert secret.encode() not in held
        assert secret.removeprefix(tokens.PREFIX).encode() not in held
