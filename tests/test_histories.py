"""Position histories by hand-made tables. Beside it, ``storage/test_history_oracle``: random ones."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas.vocabulary import STATEMENT_STATUSES
from service import questions, recording
from service.diplomacy.changes import ANY, Change
from service.errors import NotFound
from tests.conftest import ACTOR, ISSUE, SOURCE, statement

SCALES = {"truce": (-2, -1, 0, 1, 2), "join": (0, 1), "zone": (-1, 0, 1, 5)}
ACTORS = ("ann", "bob")
Item = dict[str, Any]


def world() -> None:
    """Two actors, three issues on scales of their own, a source."""
    changes = [Change("actor", id, {**ACTOR, "name": id}) for id in ACTORS]
    changes.append(Change("source", "source", {**SOURCE, "publisher": "The publisher"}))
    for id, values in SCALES.items():
        scale = [{"value": value, "label": f"{id} {value}"} for value in values]
        changes.append(Change("issue", id, {**ISSUE, "scale": scale}))
    recording.write(changes, "test")


def say(id: str, made: str, *positions: tuple[Any, ...], **fields: Any) -> None:
    """Record a statement: positions are (issue, stance) or (issue, stance, holder)."""
    stated = [dict(zip(("issue", "stance", "holder"), position, strict=False)) for position in positions]
    document = statement(made=made, positions=stated, **fields)
    recording.write([Change("statement", id, document, replaces=ANY if exists(id) else None)], "test")


def exists(id: str) -> bool:
    try:
        return bool(questions.record("statement", id))
    except NotFound:
        return False


@pytest.fixture
def caller(client: FlaskClient) -> FlaskClient:
    world()
    return client


def items(client: FlaskClient, path: str) -> list[Item]:
    answer = client.get(f"/v1/{path}")
    assert answer.status_code == 200, answer.json
    found: list[Item] = answer.json["items"]
    return found


def told(entries: list[Item]) -> list[tuple[Any, ...]]:
    return [(entry["statement"]["id"], *entry["change"].values()) for entry in entries]


def test_every_entry_says_all_of_itself(caller: FlaskClient) -> None:
    say("a", "2025-12-21", ("truce", -1))
    position = {"issue": "truce", "stance": 2, "firmness": "negotiable", "conditions": "If."}
    recording.write([Change("statement", "b", statement(made="2025-12", positions=[position]))], "test")
    page = caller.get("/v1/actors/ann/positions").json
    whole = caller.get("/v1/statements/b").json
    assert page["items"][0] == {
        "issue": "truce", "holder": "ann", "stance": 2, "label": "truce 2", "date": "2025-12",
        "earliest": "2025-12-01", "latest": "2025-12-31", "firmness": "negotiable", "conditions": "If.",
        "change": {"type": "initial", "delta": None, "previous": None}, "statement": whole,
    }  # fmt: skip
    assert told(page["items"][1:]) == [("a", "reversed", -3, "b")]
    assert set(page["included"]) == {"ann", "truce", "source"}
    assert page["included"]["source"]["publisher"] == "The publisher"
    assert page["next"] is None


def test_own_and_attributed_do_not_mix(caller: FlaskClient) -> None:
    say("a", "2025-12-20", ("truce", 1))
    say("b", "2025-12-21", ("truce", -2, "ann"), ("truce", 2), speaker="bob")
    say("c", "2025-12-22", ("truce", 1))
    own = [("a", "initial", None, None), ("c", "reaffirmed", 0, "a")]
    claimed = ("b", "reversed", -3, "a")
    assert told(items(caller, "actors/ann/positions")) == own
    assert told(items(caller, "actors/ann/positions?attributed=include")) == [own[0], claimed, own[1]]
    (only,) = items(caller, "actors/ann/positions?attributed=only")
    assert told([only]) == [claimed]
    assert (only["holder"], only["claimed_by"]) == ("ann", "bob")
    assert all("claimed_by" not in entry for entry in items(caller, "actors/ann/positions"))
    both = items(caller, "issues/truce/positions?attributed=include")
    assert [(entry["holder"], entry.get("claimed_by")) for entry in both] == [
        ("ann", None), ("ann", "bob"), ("bob", None), ("ann", None)
    ]  # fmt: skip
    assert told(items(caller, "issues/truce/positions?actor=bob")) == [("b", "initial", None, None)]


def test_denied_and_retracted_are_no_stance_held(caller: FlaskClient) -> None:
    for number, status in enumerate(("attested", "denied", "retracted", "disputed"), start=1):
        say(f"s{number}", f"2025-12-{number:02}", ("truce", number - 2), status=status)
    assert told(items(caller, "actors/ann/positions")) == [
        ("s1", "initial", None, None), ("s4", "reversed", 3, "s1")
    ]  # fmt: skip
    every = ",".join(STATEMENT_STATUSES)
    assert told(items(caller, f"actors/ann/positions?status={every}")) == [
        ("s1", "initial", None, None), ("s2", "shifted", 1, "s1"),
        ("s3", "reversed", 2, "s1"), ("s4", "reversed", 3, "s1"),
    ]  # fmt: skip
    assert told(items(caller, "actors/ann/positions?status=denied")) == [("s2", "shifted", 1, "s1")]
    assert told(items(caller, "actors/ann/positions?status=disputed")) == [("s4", "reversed", 3, "s1")]


def test_older_statements_change_what_follows(caller: FlaskClient) -> None:
    def now() -> list[tuple[Any, ...]]:
        return told(items(caller, "actors/ann/positions"))

    say("late", "2025-12-22", ("truce", 2))
    assert now() == [("late", "initial", None, None)]
    say("early", "2025-12-20", ("truce", -2))
    assert now() == [("early", "initial", None, None), ("late", "reversed", 4, "early")]
    say("between", "2025-12-21", ("truce", 1))
    assert now()[1:] == [("between", "reversed", 3, "early"), ("late", "shifted", 1, "between")]
    say("between", "2025-12-21", ("truce", 2))  # amended
    assert now()[1:] == [("between", "reversed", 4, "early"), ("late", "reaffirmed", 0, "between")]
    say("between", "2025-12-23", ("truce", 2))  # dated anew
    assert now()[1:] == [("late", "reversed", 4, "early"), ("between", "reaffirmed", 0, "late")]
    say("early", "2025-12-20", ("truce", -2), status="retracted")
    assert now() == [("late", "initial", None, None), ("between", "reaffirmed", 0, "late")]
    recording.write([Change("statement", "late", None, replaces=ANY)], "test")
    assert now() == [("between", "initial", None, None)]


def test_a_merged_actor_has_one_history(caller: FlaskClient) -> None:
    say("a", "2025-12-20", ("truce", 1))
    say("b", "2025-12-21", ("truce", -1), speaker="bob")
    recording.merge("actor", "bob", "ann", "test")
    page = caller.get("/v1/actors/ann/positions").json
    assert told(page["items"]) == [("a", "initial", None, None), ("b", "reversed", -2, "a")]
    assert {entry["holder"] for entry in page["items"]} == {"ann"}
    assert page["included"]["bob"] == page["included"]["ann"], "the statement goes on naming bob"
    moved = caller.get("/v1/actors/bob/positions?issue=truce")
    assert (moved.status_code, moved.headers["Location"]) == (308, "/v1/actors/ann/positions?issue=truce")


def test_ties_go_by_id_and_partial_dates_by_their_bounds(caller: FlaskClient) -> None:
    made = {"c": "2025-12-21", "b": "2025-12-21", "m": "2025-12", "y": "2025", "d": "2025-12-01"}
    for id, date in made.items():
        say(id, date, ("truce", 0))
    say("z", "2025-12-21T23:00:00Z", ("truce", 0))
    assert [id for id, *_ in told(items(caller, "actors/ann/positions"))] == ["y", "d", "m", "b", "c", "z"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("as_of=2025-12-21", ["d"]),
        ("as_of=2025-12-31", ["d", "m", "open"]),
        ("as_of=2025-12", ["d", "m", "open"]),
        ("from=2025-12-22", ["m", "open"]),
        ("to=2025-11", []),
        ("to=2025-12-05", ["m"]),
        ("from=2025-12-25&to=2025-12-26", ["m", "open"]),
        ("from=2026", ["open"]),
    ],
)
def test_windows_on_partial_dates(caller: FlaskClient, query: str, ids: list[str]) -> None:
    for id, made in (("d", "2025-12-10"), ("m", "2025-12"), ("open", "2025-12-22/..")):
        say(id, made, ("truce", 0))
    found = {entry["statement"]["id"] for entry in items(caller, f"actors/ann/positions?{query}")}
    assert found == set(ids)


@pytest.mark.parametrize(
    "path", ["actors/ann/positions", "issues/truce/positions", "actors/ann/positions?from=2025-12-04"]
)
def test_pages_over_http_say_what_the_whole_says(caller: FlaskClient, path: str) -> None:
    for number in range(1, 8):
        say(f"s{number}", f"2025-12-{number:02}", ("truce", (-2, 2, 0)[number % 3]), ("join", number % 2))
    whole = items(caller, path)
    assert whole[0]["change"]["type"] == ("initial" if "from" not in path else "reversed")
    assert len(whole) > 3
    for limit in (1, 2, 3):
        mark = "&" if "?" in path else "?"
        walked, address = [], f"/v1/{path}{mark}limit={limit}"
        while address:
            page = caller.get(address)
            walked += page.json["items"]
            needed = {e["issue"] for e in page.json["items"]} | {"ann", "source"}
            assert needed <= set(page.json["included"]) <= {"ann", "source", "truce", "join"}
            address = page.json["next"]
        assert walked == whole
