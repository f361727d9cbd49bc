"""Talk timelines: what is on them, in what order, and what they carry; by hand and against a slow oracle."""

from random import Random
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from schemas.vocabulary import KINDS, ON_THE_TIMELINE, REFERENCES
from service import questions, recording
from service.diplomacy import dates
from service.diplomacy.changes import Change
from service.diplomacy.documents import find
from service.questions import Paging, Span
from service.settings import Settings
from service.storage import database, migrate
from tests.conftest import ACTOR, ISSUE, SOURCE, TRACK, Another, statement, talk
from tests.storage.walk import HOW_MANY, World

CITED = [{"source": "source"}]
Document = dict[str, Any]


def event(**fields: Any) -> Document:
    what = {"type": "assault", "title": "A strike", "occurred": "2025-12-22"}
    return {"kind": "event", **what, "sources": CITED, **fields}


def proposal(**fields: Any) -> Document:
    return {
        "kind": "proposal",
        "title": "A plan",
        "status": "tabled",
        "clauses": [],
        "sources": CITED,
        **fields,
    }


def record(documents: dict[str, Document]) -> None:
    recording.write([Change(document["kind"], id, document) for id, document in documents.items()], "test")


@pytest.fixture
def caller(client: FlaskClient) -> FlaskClient:
    """A track four deep (with a sibling), actors, an issue."""
    tracks = {"t0": None, "t1": "t0", "t2": "t1", "t3": "t2", "aside": "t0", "other": None}
    record({id: {**TRACK, **({"parent": parent} if parent else {})} for id, parent in tracks.items()})
    record({id: {**ACTOR, "name": id} for id in ("ann", "bob", "cy", "dee")})
    record({"source": SOURCE, "truce": ISSUE, "border": ISSUE})
    return client


def ids(client: FlaskClient, path: str) -> list[str]:
    answer = client.get(f"/v1/{path}")
    assert answer.status_code == 200, answer.json
    return [entry["record"]["id"] for entry in answer.json["items"]]


def test_kinds_are_interleaved_in_date_order(caller: FlaskClient) -> None:
    record({
        "e": event(occurred="2025-12-22/2025-12-23"), "k": talk(held="2025-12-21"),
        "s": statement(made="2025-12-22T19:30:00Z"), "p": proposal(tabled="2025-12"),
        "r": statement(made="2025-12-21"), "q": proposal(), "b": proposal(status="draft"),
    })  # fmt: skip
    page = caller.get("/v1/timeline").json
    assert [entry["record"]["id"] for entry in page["items"]] == ["p", "k", "r", "e", "s", "b", "q"]
    assert [entry["kind"] for entry in page["items"]] == [
        "proposal", "talk", "statement", "event", "statement", "proposal", "proposal"
    ]  # fmt: skip
    assert page["items"][0] == {
        "date": "2025-12", "earliest": "2025-12-01", "latest": "2025-12-31", "kind": "proposal",
        "title": "A plan", "record": caller.get("/v1/proposals/p").json,
    }  # fmt: skip
    assert page["items"][4]["earliest"] == page["items"][4]["latest"] == "2025-12-22T19:30:00Z"
    last = page["items"][-1]
    assert (last["date"], last["earliest"], last["latest"]) == (None, None, None)


@pytest.mark.parametrize(
    "query",
    [
        "timeline?actor=ann",
        "timeline?issue=truce",
        "tracks/t0/timeline",
        "proposals?sponsor=ann",
        "proposals?issue=truce&track=t0",
    ],
)
def test_undated_proposals_come_last_and_are_in_no_window(caller: FlaskClient, query: str) -> None:
    named = {
        "sponsors": ["ann"], "track": "t0", "clauses": [{"key": "1", "issue": "truce", "stance": 1}],
    }  # fmt: skip
    record(
        {
            "a": proposal(**named),
            "z": proposal(**named, tabled="2025-12-21"),
            "y": proposal(**named, tabled="2025"),
        }
    )
    key = (lambda page: [entry["record"]["id"] for entry in page]) if "timeline" in query else (
        lambda page: [item["id"] for item in page]
    )  # fmt: skip
    mark = "&" if "?" in query else "?"
    assert key(caller.get(f"/v1/{query}").json["items"]) == ["y", "z", "a"]
    for window in ("from=2000", "to=2100", "as_of=2100", "to=2100/.."):
        assert key(caller.get(f"/v1/{query}{mark}{window}").json["items"]) == ["y", "z"], window
    first = caller.get(f"/v1/{query}{mark}limit=2").json
    assert key(caller.get(first["next"]).json["items"]) == ["a"]


def test_a_track_includes_its_sub_tracks_at_any_depth(caller: FlaskClient) -> None:
    record({f"k{track}": talk(track=track) for track in ("t0", "t1", "t2", "t3", "aside", "other")})
    record(
        {
            "s": statement(track="t3", made="2025-12-20"),
            "e": event(tracks=["t2", "other"]),
            "p": proposal(track="t1"),
        }
    )
    assert ids(caller, "tracks/t0/timeline") == ["s", "kaside", "kt0", "kt1", "kt2", "kt3", "e", "p"]
    assert ids(caller, "tracks/t2/timeline") == ["s", "kt2", "kt3", "e"]
    assert ids(caller, "tracks/t3/timeline") == ["s", "kt3"]
    assert ids(caller, "tracks/other/timeline") == ["kother", "e"]
    assert ids(caller, "tracks/t0/timeline?kind=event,proposal") == ["e", "p"]
    assert caller.get("/v1/tracks/none/timeline").status_code == 404
    assert caller.get("/v1/tracks/ann/timeline").status_code == 404


def test_a_sub_track_is_not_itself_on_the_timeline(caller: FlaskClient) -> None:
    assert ids(caller, "tracks/t0/timeline") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("actor=ann", ["k", "s"]), ("actor=bob", ["s", "e"]), ("actor=cy", ["k", "p"]), ("actor=dee", ["e"]),
        ("actor=bob,cy", ["k", "s", "p", "e"]), ("actor=nobody", []), ("actor=nobody,dee", ["e"]),
        ("issue=truce", ["k", "s"]), ("issue=border", ["p"]), ("issue=truce,border", ["k", "s", "p"]),
        ("actor=cy&issue=truce", ["k"]), ("actor=bob&issue=truce,border", ["s"]),
        ("actor=dee&issue=truce", []),
        ("actor=cy&issue=truce,border&kind=proposal", ["p"]),
        ("kind=event,event", ["e"]), ("kind=talk,statement", ["k", "s"]),
        ("from=2025-12-22", ["p", "e"]), ("to=2025-12-20", ["k"]), ("from=2025-12-21&to=2025-12-21", ["s"]),
        ("as_of=2025-12-21", ["k", "s"]), ("actor=cy&as_of=2025-12-21", ["k"]),
        # An event names no issue.
        ("kind=event&issue=truce", []), ("kind=event&actor=bob&issue=truce", []),
        # Only an actor answers to actor=, only an issue to issue=.
        ("issue=k", []), ("issue=ann", []), ("actor=truce", []), ("actor=source", []),
    ],
)  # fmt: skip
def test_filters(caller: FlaskClient, query: str, expected: list[str]) -> None:
    parts = [{"actor": "ann", "role": "party"}, {"actor": "cy", "role": "host"}]
    position = {"issue": "truce", "stance": 1, "holder": "bob"}
    clauses = [{"key": "1", "issue": "border", "stance": 0}]
    record({
        "k": talk(held="2025-12-20", participants=parts, agenda=["truce"]),
        "s": statement(made="2025-12-21", positions=[position], talk="k"),
        "p": proposal(tabled="2025-12-22", sponsors=["cy"], clauses=clauses),
        "e": event(occurred="2025-12-23", actors=[{"actor": "bob", "role": "target"}],
                   figures=[{"label": "drones", "value": 9, "attributed_to": "dee"}]),
    })  # fmt: skip
    assert ids(caller, f"timeline?{query}") == expected


def named(entry: Document, *kinds: str) -> set[str]:
    """Every record of these kinds that the entry's record names."""
    return {
        found.value
        for reference in REFERENCES[entry["kind"]] if set(reference.kinds) & set(kinds)
        for found in find(entry["record"], reference.path)
    }  # fmt: skip


def test_what_entries_name_is_included_once(caller: FlaskClient) -> None:
    position = {"issue": "truce", "stance": 1, "holder": "ann"}
    record({
        "k": talk(participants=[{"actor": "ann", "role": "party", "on_behalf_of": "dee"}]),
        "s": statement(speaker="bob", addressed_to=["cy"], on_behalf_of="dee", positions=[position]),
        "e": event(figures=[{"label": "drones", "value": 9, "attributed_to": "dee"}]),
    })  # fmt: skip
    for path in (
        "timeline",
        "timeline?actor=ann",
        "timeline?kind=statement",
        "timeline?kind=event",
        "timeline?limit=1",
    ):
        page = caller.get(f"/v1/{path}").json
        needed = set().union(*(named(entry, "actor", "source") for entry in page["items"]))
        assert needed <= set(page["included"]), path
        for id, document in page["included"].items():
            assert document == caller.get(f"/v1/{KINDS[document['kind']].plural}/{id}").json


def filtered(
    world: dict[str, Document], kinds: Any, actors: Any, issues: Any, track: str | None, window: Any
) -> list[str]:
    """The timeline as the design tells of it, in plain Python."""
    since, until, as_of = window
    below = {track}
    for _ in world:
        below |= {id for id, one in world.items() if one["kind"] == "track" and one.get("parent") in below}
    found = []
    for id, one in world.items():
        if one["kind"] not in kinds:
            continue
        date = one.get(KINDS[one["kind"]].dates[0])
        first, last = dates.bounds(date) if date else dates.UNDATED
        entry = {"kind": one["kind"], "record": one}
        if (
            (not actors or named(entry, "actor") & set(actors))
            and (not issues or named(entry, "issue") & set(issues))
            and (track is None or named(entry, "track") & below)
            and (since is None or (date and last >= since))
            and (until is None or (date and first <= until))
            and (as_of is None or (date and (first if last == dates.END else last) <= as_of))
        ):
            found.append((first, last, id))
    return [id for *_, id in sorted(found)]


@hypothesis_settings(max_examples=20, phases=[Phase.generate])
@given(seed=st.integers(0, 9_999), data=st.data())
def test_against_the_oracle(settings: Settings, another: Another, seed: int, data: st.DataObject) -> None:
    database.connect(settings._replace(database_url=another()), create=True)
    migrate.migrate()
    world, random = World(), Random(seed)  # noqa: S311
    world.begin()
    for number in range(30):
        world.write(("put", random.randint(0, 25), number))
    records = {
        id: orjson.loads(questions.record(kind, id).body) for kind in HOW_MANY for id in world.live[kind]
    }
    some = lambda kind: st.lists(st.sampled_from(sorted(world.live[kind])), max_size=2, unique=True)  # noqa: E731
    moment = st.none() | st.sampled_from(("2024", "2025-12-20", "2025-12-21", "2025-12-31")).map(dates.bounds)
    for _ in range(6):
        kinds = data.draw(st.lists(st.sampled_from(ON_THE_TIMELINE), min_size=1, max_size=4, unique=True))
        kinds = data.draw(st.sampled_from((kinds, list(ON_THE_TIMELINE))))
        actors, issues = data.draw(some("actor")), data.draw(some("issue"))
        track = data.draw(st.none() | st.sampled_from(sorted(world.live["track"])))
        since, until, as_of = (data.draw(moment) for _ in range(3))
        window = since and since.earliest, until and until.latest, as_of and as_of.latest
        expected = filtered(records, kinds, actors, issues, track, window)
        for limit in (3, 1_000):
            walked: list[str] = []
            paging: Paging | None = Paging(limit)
            while paging:
                page = questions.timeline(kinds, actors, issues, track, Span(*window), paging)
                walked += [entry["record"]["id"] for entry in orjson.loads(orjson.dumps(page.items))]
                paging = Paging(limit, page.position) if page.position else None
            assert walked == expected, (kinds, actors, issues, track, window)
