"""Lists: every filter, every window, one order, and pages that add up to the whole."""

import pytest
from flask.testing import FlaskClient

from schemas.queries import STATUSES, TYPES, listing
from schemas.vocabulary import KINDS, REFERENCES
from tests.web.samples import MINIMAL, Document, naming, parameters, path, put, record

SPAN = {"from", "to", "as_of"}
PAGING = {"limit", "cursor"}
WITH_DATES = [kind for kind, described in KINDS.items() if described.dates]


def ids(client: FlaskClient, kind: str, **query: str) -> list[str]:
    answer = client.get(path(kind), query_string=query)
    assert answer.status_code == 200, answer.text
    assert answer.json["next"] is None
    return [item["id"] for item in answer.json["items"]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_of_a_list_is_tested_here(kind: str) -> None:
    described = KINDS[kind]
    tested = {reference.filter for reference in REFERENCES[kind]} | PAGING | {"known_at"}
    tested |= {name for name in (described.type, described.status) if name}
    tested |= SPAN if described.dates else set()
    assert set(listing(kind)._declared_fields) == tested
    assert (kind in TYPES, kind in STATUSES) == (bool(described.type), bool(described.status))


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_filters_by_every_reference(world: FlaskClient, kind: str) -> None:
    for number, reference in enumerate(REFERENCES[kind]):
        target = reference.kinds[0]
        for which in ("wanted", "other", "third"):
            record(world, target, f"{which}-{number}", MINIMAL[target])
            document = naming(kind, reference, f"{which}-{number}")
            record(world, kind, f"names-{which}-{number}", document)
        found = ids(world, kind, **{reference.filter: f"wanted-{number}"})
        assert found == [f"names-wanted-{number}"], reference.path
        either = ids(world, kind, **{reference.filter: f"wanted-{number},other-{number},nobody"})
        assert sorted(either) == [f"names-other-{number}", f"names-wanted-{number}"]
        assert ids(world, kind, **{reference.filter: "nobody"}) == []
    # The id of a record that is named elsewhere in the document names nothing here.
    for reference in REFERENCES[kind]:
        for number, other in enumerate(REFERENCES[kind]):
            if other.filter != reference.filter:
                found = ids(world, kind, **{reference.filter: f"third-{number}"})
                assert found == [], (reference.path, other.path)


def test_a_holder_is_the_speaker_where_none_is_named(world: FlaskClient) -> None:
    held = {"issue": "ceasefire", "stance": 1}
    record(world, "statement", "own", {**MINIMAL["statement"], "positions": [held]})
    both = [{**held, "holder": "bob"}, held]
    record(world, "statement", "both", {**MINIMAL["statement"], "positions": both})
    assert ids(world, "statement", holder="ann") == ["both", "own"]
    assert ids(world, "statement", holder="bob") == ["both"]
    assert ids(world, "statement", holder="ann,bob") == ["both", "own"]


def test_who_is_named_twice_is_listed_once(world: FlaskClient) -> None:
    positions = [{"issue": "ceasefire", "stance": 1}, {"issue": "region", "stance": 0}]
    document = {**MINIMAL["statement"], "positions": positions, "issues": ["region", "ceasefire"]}
    record(world, "statement", "mine", {**document, "addressed_to": ["ann", "bob", "ann"]})
    assert ids(world, "statement", issue="ceasefire,region") == ["mine"]
    assert ids(world, "statement", addressed_to="ann,bob,council,ann") == ["mine"]
    everyone = ",".join(["ann", *(f"nobody-{number}" for number in range(99))])
    assert ids(world, "statement", addressed_to=everyone) == ["mine"]


@pytest.mark.parametrize("kind", TYPES)
def test_a_list_filters_by_type(world: FlaskClient, kind: str) -> None:
    name = str(KINDS[kind].type)
    before = {value: ids(world, kind, **{name: value}) for value in TYPES[kind]}
    for number, value in enumerate(TYPES[kind]):
        record(world, kind, f"mine-{number}", {**MINIMAL[kind], name: value})
    for number, value in enumerate(TYPES[kind]):
        found = ids(world, kind, **{name: value})
        assert sorted(found) == sorted([*before[value], f"mine-{number}"])
    first, second = TYPES[kind][:2]
    assert {"mine-0", "mine-1"} <= set(ids(world, kind, **{name: f"{first},{second}"}))
    assert "mine-2" not in ids(world, kind, **{name: f"{first},{second}"})


@pytest.mark.parametrize("kind", STATUSES)
def test_a_list_filters_by_status(world: FlaskClient, kind: str) -> None:
    before = {value: ids(world, kind, status=value) for value in STATUSES[kind]}
    for number, value in enumerate(STATUSES[kind]):
        record(world, kind, f"mine-{number}", {**MINIMAL[kind], "status": value})
    for number, value in enumerate(STATUSES[kind]):
        assert sorted(ids(world, kind, status=value)) == sorted([*before[value], f"mine-{number}"])
    # Denied and retracted statements are records like any other.
    assert {f"mine-{number}" for number in range(len(STATUSES[kind]))} <= set(ids(world, kind))


def test_filters_narrow_each_other(world: FlaskClient) -> None:
    said = {**MINIMAL["statement"], "addressed_to": ["bob"], "channel": "speech", "talk": "geneva"}
    record(world, "statement", "all", said)
    record(world, "statement", "no-channel", {name: said[name] for name in said if name != "channel"})
    record(world, "statement", "other-day", {**said, "made": "2025-12-24"})
    record(world, "statement", "denied", {**said, "status": "denied"})
    record(world, "statement", "by-bob", {**said, "speaker": "bob"})
    query = {"speaker": "ann", "addressed_to": "bob", "talk": "geneva", "source": "paper"}
    query |= {"channel": "speech,leak", "status": "attested", "from": "2025-11-23", "to": "2025-11"}
    assert ids(world, "statement", **query) == ["all"]


# Dates as they may be written, in the order of the design: earliest bound, latest bound, id.
DATED = {
    "a-before": "../2025-12-10",
    "y-about": "2025-12-01~",
    "z-day": "2025-12-01",
    "b-month": "2025-12",
    "k-span": "2025-12-01/2026-01-02",
    "e-open": "2025-12-20/..",
    "d-day": "2025-12-21",
    "c-instant": "2025-12-21T10:00:00+02:00",
    "g-year": "2026",
    "f-after": "2026-01-05",
}
ORDER = list(DATED)
WINDOWS = {
    (): ORDER,
    ("from=2025-12-15",): ORDER[3:],
    ("to=2025-12-15",): ["a-before", "y-about", "z-day", "b-month", "k-span"],
    ("from=2025-12-11", "to=2025-12-19"): ["b-month", "k-span"],
    ("from=2025-12-21", "to=2025-12-21"): ORDER[3:8],
    ("from=2025-12-21T08:00:00Z", "to=2025-12-21T08:00:00Z"): ORDER[3:8],
    ("from=2025-12-21T08:00:01Z", "to=2025-12-21"): ["b-month", "k-span", "e-open", "d-day"],
    ("from=2025-12", "to=2025-12"): [name for name in ORDER if name not in ("g-year", "f-after")],
    ("from=2026",): ["k-span", "e-open", "g-year", "f-after"],
    ("to=2025-11",): ["a-before"],
    ("from=2027",): ["e-open"],
    ("as_of=2025-11-30",): [],
    ("as_of=2025-12-10",): ["a-before", "y-about", "z-day"],
    ("as_of=2025-12-21",): ["a-before", "y-about", "z-day", "e-open", "d-day", "c-instant"],
    ("as_of=2025-12-21T09:00:00Z",): ["a-before", "y-about", "z-day", "e-open", "c-instant"],
    ("as_of=2025-12",): ["a-before", "y-about", "z-day", "b-month", "e-open", "d-day", "c-instant"],
    ("as_of=2026-01-05",): [*ORDER[:8], "f-after"],
    ("as_of=2026",): ORDER,
    ("as_of=2025-12-21", "from=2025-12-11"): ["e-open", "d-day", "c-instant"],
    ("to=2025-12-15/..",): ORDER,
    ("as_of=2025-12-15/",): ORDER,
}


FILTERS: list[dict[str, str]] = [{}, {"source": "own"}, {"source": "own,paper"}]


def dated(kind: str, id: str, date: str | None) -> Document:
    (field,) = KINDS[kind].dates
    document = {**MINIMAL[kind], "tags": [id]}
    document.pop(field, None)
    return {**document, **({field: date} if date else {})}


@pytest.mark.parametrize("kind", [kind for kind in WITH_DATES if len(KINDS[kind].dates) == 1])
def test_windows_and_order(world: FlaskClient, kind: str) -> None:
    """The same by a filter as without: it may be answered by way of another table."""
    record(world, "source", "own", MINIMAL["source"])
    cited = {} if kind == "source" else {"sources": [{"source": "own"}]}
    named = set(DATED)
    for id in sorted(DATED):
        record(world, kind, id, {**dated(kind, id, DATED[id]), **cited})
    undated = []
    if kind in ("source", "proposal"):
        record(world, kind, "0-undated", {**dated(kind, "0-undated", None), **cited})
        undated, named = ["0-undated"], {*named, "0-undated"}
    for window, expected in WINDOWS.items():
        query = dict(part.split("=") for part in window)
        # Without a window what has no date comes last; in a window it is never.
        whole = expected if window else [*expected, *undated]
        for filters in FILTERS if cited else [{}]:
            for known in ({}, {"known_at": "2100"}):
                found = [id for id in ids(world, kind, **query, **filters, **known) if id in named]
                assert found == whole, (window, filters, known)


def test_the_period_of_a_track(world: FlaskClient) -> None:
    periods = {
        "both": ("2025-11", "2025-12-10"),
        "begun": ("2025-11-20", None),
        "ended": (None, "2025-12-20"),
        "neither": (None, None),
    }
    for id, (began, ended) in periods.items():
        given = {name: date for name, date in (("began", began), ("ended", ended)) if date}
        record(world, "track", id, {**MINIMAL["track"], **given})
    assert ids(world, "track") == ["ended", "both", "begun", "main", "neither"]
    assert ids(world, "track", **{"from": "2025-12-15"}) == ["ended", "begun"]
    assert ids(world, "track", to="2025-11-19") == ["ended", "both"]
    assert ids(world, "track", as_of="2025-12-15") == ["both", "begun"]
    assert ids(world, "track", as_of="2025-12-20") == ["ended", "both", "begun"]


def test_a_list_as_it_was_known(world: FlaskClient) -> None:
    first = record(world, "event", "one", MINIMAL["event"])["recorded_at"]
    second = record(world, "event", "two", {**MINIMAL["event"], "tracks": ["main"]})["recorded_at"]
    assert put(world, "event", "two", {**MINIMAL["event"], "type": "aid"}, If_Match="*").status_code == 200
    assert world.delete("/v1/events/one", headers={"If-Match": "*"}).status_code == 204
    assert ids(world, "event") == ["strike", "two"]
    assert ids(world, "event", known_at=first) == ["one", "strike"]
    assert ids(world, "event", known_at=second) == ["one", "strike", "two"]
    assert ids(world, "event", known_at=second, track="main") == ["two"]
    assert ids(world, "event", known_at=second, type="aid") == []
    assert ids(world, "event", track="main") == []
    assert ids(world, "event", type="aid") == ["two"]
    assert ids(world, "event", known_at="2001-01-01") == []


@pytest.mark.parametrize("name", ["from", "to", "as_of", "known_at"])
def test_a_plus_that_was_not_written_as_it_must_be_is_explained(world: FlaskClient, name: str) -> None:
    assert world.get(f"/v1/talks?{name}=2025-12-22T13:00:00%2B03:00").status_code == 200
    answer = world.get(f"/v1/talks?{name}=2025-12-22T13:00:00+03:00")
    assert parameters(answer) == [name]
    assert "write %2B" in answer.json["errors"][0]["detail"]
    assert "%2B" not in world.get(f"/v1/talks?{name}=12/05/2025").json["errors"][0]["detail"]
