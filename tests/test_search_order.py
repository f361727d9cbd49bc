"""The order of a search, and its pages: every hit once, also where something is recorded meanwhile."""

import pytest
from flask.testing import FlaskClient

from service import questions, recording
from service.diplomacy.changes import Change
from service.errors import Malformed
from service.questions import Paging, searching
from service.settings import Settings
from tests.conftest import ACTOR, SOURCE, TRACK, statement, talk
from tests.test_search import found, record


@pytest.fixture(autouse=True)
def those_spoken_of(store: Settings) -> None:
    record("actor", "ann", ACTOR)
    record("source", "source", SOURCE)


def test_what_is_called_so_comes_first_and_the_rest_the_newest_first(client: FlaskClient) -> None:
    """By how much of a name the words are; then what only holds them, whatever the words are in."""
    called = {
        "accord": {"name": "Accord"},
        "other": {"name": "Union of the willing", "names": [{"text": "The Old Guard"}, {"text": "Accord"}]},
        "half": {"name": "Accord monitors"},
        "newer-half": {"name": "The Accord"},
        "third": {"name": "Friends of accord"},
        "noted": {"name": "Ben", "notes": "Accord, accord, accord."},
    }
    record("statement", "before", statement(text="Accord."))
    for id, fields in called.items():
        record("actor", id, {**ACTOR, **fields})
    record("talk", "accord-round", talk(title="A round on the accord"))
    record("statement", "after", statement(text="Not yet.", notes="Of the accord, at last."))
    hits = client.get("/v1/search?q=accord").json["items"]
    assert [(hit["id"], hit["score"]) for hit in hits] == [
        ("accord", 1),
        ("other", 0.9),
        ("newer-half", 0.5),
        ("half", 0.5),
        ("third", 0.333333),
        ("accord-round", 0.2),
        ("after", 0),
        ("noted", 0),
        ("before", 0),
    ]
    assert found(client, "acc*")[:5] == ["accord", "other", "newer-half", "half", "third"]
    assert found(client, "the OR accord")[:2] == ["newer-half", "accord"]
    assert found(client, "accord -monitors")[:4] == ["accord", "other", "newer-half", "third"]


def test_paging_is_stable(client: FlaskClient) -> None:
    changes = [
        Change("track", f"t{n:02}", {**TRACK, "title": f"Shuttle {'talks ' * (n % 3)}"}) for n in range(25)
    ]
    recording.write(changes, "test")
    whole = found(client, "shuttle")
    assert len(whole) == len(set(whole)) == 25
    for limit in (1, 4, 24, 25):
        assert walked(client, f"/v1/search?q=shuttle&limit={limit}") == whole, limit


def walked(client: FlaskClient, address: str) -> list[str]:
    """The ids of the hits of all pages."""
    ids, following = [], address
    while following:
        page = client.get(following).json
        ids += [hit["id"] for hit in page["items"]]
        following = page["next"]
    return ids


@pytest.mark.parametrize("first", [1, 2, 7, 29, 30, 31])
def test_every_hit_comes_once_however_many_are_looked_at_for_names(
    client: FlaskClient, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those recorded later are told apart from the others by nothing but when they were recorded."""
    changes = [
        Change("track", f"t{n:02}", {**TRACK, "title": f"Shuttle {'talks ' * (n % 3)}"})
        if n % 4 == 0
        else Change("statement", f"s{n:02}", statement(text=f"Of a shuttle, {n}."))
        for n in range(30)
    ]
    recording.write(changes, "test")
    monkeypatch.setattr(searching, "FIRST", first)
    tracks = sorted((change for change in changes[:first] if change.kind == "track"), key=_shuttles)
    called = [change.id for change in tracks]
    others = [change.id for change in reversed(changes) if change.id not in called]
    for limit in (1, 3, 8, 29, 30, 31):
        assert walked(client, f"/v1/search?q=shuttle&limit={limit}") == called + others, limit
    for kind in ("track", "statement"):
        ids = walked(client, f"/v1/search?q=shuttle&limit=4&kind={kind}")
        assert sorted(ids) == [change.id for change in changes if change.kind == kind]


def _shuttles(track: Change) -> tuple[int, int]:
    return int(track.id[1:]) % 3, -int(track.id[1:])


def test_what_is_recorded_meanwhile_shifts_no_page(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "FIRST", 4)
    for n in range(12):
        record("statement", f"s{n:02}", statement(text="Of a shuttle."))
    first = client.get("/v1/search?q=shuttle&limit=5").json
    record("statement", "new", statement(text="Of a shuttle."))
    record("track", "named", {**TRACK, "title": "Shuttle"})
    ids = [hit["id"] for hit in first["items"]] + walked(client, first["next"])
    assert ids == [f"s{n:02}" for n in reversed(range(12))]
    assert found(client, "shuttle")[:2] == ["named", "new"], "the newest, also where no name is looked for"


def test_a_cursor_of_an_earlier_release_is_refused() -> None:
    """It counted the hits before it."""
    with pytest.raises(Malformed):
        questions.found("talks", (), Paging(5, (20,)))
