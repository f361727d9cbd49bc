"""Answers that are kept: those that would be made anew, for whoever may have them, in bounded memory."""

import gc
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from service import recording
from service import settings as all_settings
from service.app import create_app
from service.diplomacy.changes import ANY, Change
from service.questions import State
from service.settings import Settings
from service.storage import database, migrate, tokens
from service.web.kept import Answers, Kept
from tests.conftest import ACTOR, ISSUE, SOURCE, caller, statement, talk
from tests.test_query_counts import queries

OF_ITS_MOMENT = {"RateLimit", "Date", "X-Request-Id"}
OF_WHO_ASKS = {"If-None-Match": '"x"'}
"""Sent with a request, this has no other effect than that no kept answer is given."""


def position(stance: int) -> list[dict[str, Any]]:
    return [{"issue": "truce", "stance": stance}]


WORLD = [
    Change("actor", "ann", ACTOR),
    Change("source", "source", SOURCE),
    Change("issue", "truce", ISSUE),
    Change("statement", "said", statement(positions=position(1))),
    Change("talk", "round", talk(participants=[{"actor": "ann", "role": "party"}])),
]
PATHS = [
    "/v1/actors/ann",
    "/v1/actors/ann?known_at=2999",
    "/v1/actors/ann/revisions",
    "/v1/actors/ann/revisions/1",
    "/v1/statements?limit=1",
    "/v1/actors/ann/positions",
    "/v1/timeline?limit=1",
    "/v1/search?q=round",
    "/v1/changes",
    "/v1/networks/co-attendance/measures?measures=density",
]


@pytest.fixture
def app(store: Settings) -> Flask:
    recording.write(WORLD, "test")
    return create_app(store)


def told(answer: TestResponse) -> tuple[int, dict[str, str], bytes]:
    return (
        answer.status_code,
        {n: v for n, v in answer.headers.items() if n not in OF_ITS_MOMENT},
        answer.data,
    )


def cost(client: FlaskClient, path: str, **options: Any) -> tuple[TestResponse, int]:
    """The answer, and how many queries it took."""
    with queries() as sent:
        answer = client.get(path, **options)
    return answer, len(sent)


@pytest.mark.parametrize("path", PATHS)
def test_the_second_answer_is_the_first(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    assert first.status_code == 200
    again, asked = cost(client, path)
    assert asked == 1, "only the state of the store"
    assert told(again) == told(first)
    assert told(client.get(path, headers=OF_WHO_ASKS)) == told(first)
    head = client.head(path)
    assert told(head) == (200, told(first)[1], b"")


@pytest.mark.parametrize("path", PATHS)
def test_a_304_of_what_is_kept_is_any_304(client: FlaskClient, path: str) -> None:
    tag = client.get(path).headers["ETag"]
    for method in ("GET", "HEAD"):
        kept, made = (
            client.open(path, method=method, headers={"If-None-Match": tags}) for tags in (tag, f'"x", {tag}')
        )
        assert told(kept) == told(made)
        assert (kept.status_code, kept.data) == (304, b"")
    assert client.get(path, headers={"If-None-Match": "x"}).status_code == 400
    assert client.get(path, headers={"If-Match": '"x"'}).status_code == 412
    assert client.get(path, headers={"If-Match": tag}).status_code == 200
    assert client.get(path, headers={"Cache-Control": "no-cache"}).status_code == 200


def test_head_is_kept_for_get(client: FlaskClient) -> None:
    assert client.head("/v1/actors").data == b""
    answer, asked = cost(client, "/v1/actors")
    assert asked == 1
    assert [one["id"] for one in answer.json["items"]] == ["ann"]


def test_who_asks_in_another_way_is_answered_in_that(client: FlaskClient) -> None:
    ways: list[tuple[str, dict[str, str]]] = [
        ("/v1/timeline", {}),
        ("/v1/timeline", {"Accept": "text/csv"}),
        ("/v1/timeline", {"Accept": "text/calendar"}),
        ("/v1/timeline", {"Accept": "application/json"}),
        ("/v1/timeline?format=csv", {"Accept": "application/json"}),
        ("/v1/timeline?limit=1", {}),
        ("/v1/timeline?limit=1", {"Host": "one.example.org"}),
        ("/v1/timeline?limit=1", {"Host": "other.example.org"}),
        ("/v1/timeline?limit=1&kind=talk,statement", {}),
        ("/v1/timeline?kind=talk,statement&limit=1", {}),
    ]
    first = [told(client.get(path, headers=headers)) for path, headers in ways]
    assert [told(client.get(path, headers=headers)) for path, headers in ways] == first
    assert len({answer[1]["ETag"] for answer in first}) >= 7
    nexts = [client.get(*ways[n][:1], headers=ways[n][1]).json["next"] for n in (6, 7)]
    assert [url.split("/")[2] for url in nexts] == ["one.example.org", "other.example.org"]
    assert client.get("/v1/timeline", headers={"Accept": "image/png"}).status_code == 406
    secure = client.get("/v1/timeline?limit=1", base_url="https://localhost")
    assert secure.json["next"].startswith("https://")


def test_what_is_no_answer_of_200_is_not_kept(client: FlaskClient) -> None:
    for path, status in (("/v1/actors/nobody", 404), ("/v1/actors?colour=red", 422), ("/nowhere", 404)):
        for _ in range(2):
            assert client.get(path).status_code == status
    recording.write([Change("actor", "nobody", ACTOR)], "test")
    assert client.get("/v1/actors/nobody").status_code == 200


def test_a_file_is_not_kept(client: FlaskClient) -> None:
    for path in ("/v1/timeline?format=csv", "/v1/graph", "/v1/export"):
        client.get(path)
        assert cost(client, path)[1] > 1, path


def test_who_waits_waits_again(client: FlaskClient) -> None:
    newest = client.get("/v1/changes").json["last"]
    path = f"/v1/changes?after={newest}&wait=1"
    for _ in range(2):
        answer, asked = cost(client, path)
        assert (answer.json["items"], asked > 3) == ([], True), "it looked several times"


def test_a_token_that_has_ended_is_given_nothing(app: Flask) -> None:
    reader = caller(app, "read")
    for _ in range(2):
        assert reader.get("/v1/actors/ann").status_code == 200
    tokens.revoke(tokens.everyone()[-1].key)
    for path in ("/v1/actors/ann", "/v1/actors"):
        answer = reader.get(path)
        assert (answer.status_code, answer.json["type"]) == (401, "/problems/unauthenticated")
    for wrong in ("", "Bearer", "Bearer x", "Basic eDp5"):
        assert app.test_client().get("/v1/actors/ann", headers={"Authorization": wrong}).status_code == 401
    assert app.test_client().get("/v1/actors/ann").status_code == 200


def test_where_reading_needs_a_token_so_does_what_is_kept(
    app: Flask, store: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_PUBLIC_READ", "false")
    closed = create_app(all_settings.load())
    reader, stranger = caller(closed, "read"), closed.test_client()
    for _ in range(2):
        assert reader.get("/v1/actors/ann").status_code == 200
        assert stranger.get("/v1/actors/ann").status_code == 401


def test_what_is_kept_counts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_LIMIT_ADDRESS", "4/day")
    client = create_app(all_settings.load()).test_client()
    answers = [client.get("/v1/actors/ann") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    left = [answer.headers["RateLimit"].split(";")[1] for answer in answers]
    assert left == ["r=3", "r=2", "r=1", "r=0", "r=0", "r=0"]


@pytest.mark.database("sqlite")
def test_a_store_put_in_its_place_is_another(app: Flask, store: Settings) -> None:
    """Its newest revision may have the same number."""
    client = app.test_client()
    before = client.get("/v1/actors/ann")
    file = Path(store.database_url.removeprefix("sqlite:///"))
    database.database.close()
    for one in file.parent.glob(f"{file.name}*"):
        one.unlink()
    database.connect(store, create=True)
    migrate.migrate()
    recording.write([Change("actor", "ann", {**ACTOR, "name": "Another"}), *WORLD[1:]], "test")
    after = client.get("/v1/actors/ann")
    assert (before.json["name"], after.json["name"]) == ("Ann", "Another")
    tags = [client.get("/v1/actors").headers["ETag"]]
    assert client.get("/v1/actors", headers={"If-None-Match": tags[0]}).status_code == 304


# --- as the store changes ------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.sampled_from(PATHS), st.integers(0, 1)),
        st.tuples(st.just("write"), st.integers(-2, 2), st.just(0)),
    ),
    min_size=5,
    max_size=40,
)


@pytest.fixture
def workers(app: Flask, store: Settings) -> list[FlaskClient]:
    """Two that keep what they answer, and one that does not."""
    apps = app, create_app(store), create_app(store._replace(kept_bytes=0))
    return [app.test_client() for app in apps]


@hypothesis_settings(max_examples=30)
@given(steps=STEPS)
def test_two_workers_answer_as_one_that_keeps_nothing(
    workers: list[FlaskClient], steps: list[tuple[str, Any, int]]
) -> None:
    *_, alone = workers
    for what, which, worker in steps:
        if what == "write":
            said = Change("statement", "said", statement(positions=position(which)), replaces=ANY)
            recording.write(
                [said, Change("actor", "ann", {**ACTOR, "notes": f"{which}"}, replaces=ANY)], "test"
            )
        else:
            assert told(workers[worker].get(which)) == told(alone.get(which)), which


# --- in bounded memory ---------------------------------------------------------------------------------


def test_what_is_kept_takes_no_more_room_than_there_is(store: Settings) -> None:
    long = {**ACTOR, "notes": "n" * 20_000}
    recording.write([Change("actor", f"a{n:03}", long) for n in range(200)], "test")
    room = 1 << 20
    client = create_app(store._replace(kept_bytes=room)).test_client()
    client.get("/v1/actors/a000")
    gc.collect()
    tracemalloc.start()
    try:
        for n in range(200):
            assert client.get(f"/v1/actors/a{n:03}").status_code == 200
        for n in range(1_000):
            assert client.get(f"/v1/statements?limit={n + 1}").status_code == 200
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < room * 1.5
    finally:
        tracemalloc.stop()
    # The last are kept, the first are not; and one that would take all the room never is.
    assert cost(client, "/v1/statements?limit=1000")[1] == 1
    assert cost(client, "/v1/statements?limit=1")[1] > 1
    client.get("/v1/actors?limit=20")
    assert cost(client, "/v1/actors?limit=20")[1] > 1


def test_what_was_asked_takes_room_too() -> None:
    """Next to nothing can be asked for in 16 KiB: a list of ids, a long Accept."""
    room, answer = 1 << 20, Kept(State(1, b""), "/v1/actors", b'{"items":[],"next":null}', "r1", [])
    answers, asked = (
        Answers(room),
        [("http", None, f"organization={n:0>8000}", "a" * 8000) for n in range(400)],
    )
    for one in asked:
        answers.keep(one, answer)
    held = [one for one in asked if answers.find(one)]
    assert held == asked[-len(held) :]
    assert room / 2 < sum(len(part) for one in held for part in one if part) < room


def test_none_is_kept_where_there_is_no_room(store: Settings) -> None:
    recording.write(WORLD, "test")
    client = create_app(store._replace(kept_bytes=0)).test_client()
    for _ in range(2):
        answer, asked = cost(client, "/v1/actors")
        assert (answer.status_code, asked) == (200, 2)
