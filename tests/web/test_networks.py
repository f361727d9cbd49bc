"""Networks over HTTP: numbers worked out by hand, filters, both axes of time, windows, refusals."""

from math import sqrt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import recording
from service.diplomacy import agreement
from service.diplomacy.changes import ANY, Change
from service.diplomacy.duplicates import DUPLICATES
from service.questions.networks import RELATIONS
from tests.conftest import ACTOR
from tests.test_query_counts import queries
from tests.web.network_store import CONGRUENCE, LABELS, fill, said
from tests.web.samples import PROBLEM, parameters

Ties = dict[tuple[str, str], float]


@pytest.fixture
def net(app: Flask, client: FlaskClient) -> FlaskClient:
    fill()
    return client


def ties(part: dict[str, Any]) -> Ties:
    found = {(edge["source"], edge["target"]): edge["weight"] for edge in part["edges"]}
    assert len(found) == len(part["edges"])
    return found


def asked(client: FlaskClient, network: str) -> Ties:
    answer = client.get(f"/v1/networks/{network}")
    assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
    return ties(answer.json)


def nodes(client: FlaskClient, network: str) -> list[str]:
    return [node["id"] for node in client.get(f"/v1/networks/{network}").json["nodes"]]


AB, AC, BC = ("ann", "bob"), ("ann", "cy"), ("bob", "cy")
AP, AV, BP, BV, CV = ("ann", "peace"), ("ann", "vote"), ("bob", "peace"), ("bob", "vote"), ("cy", "vote")
NUMBERS: dict[str, Ties] = {
    "affiliation": {AP: 3, AV: 1, BP: 2, BV: 1, CV: 1},
    "affiliation?aggregate=subtract": {AP: 2 + 2 - 2, AV: 1, BP: 1 - 2, BV: -1, CV: 1},
    "affiliation?aggregate=combine&issues=vote": {AV: 1, BV: 2, CV: 1},
    "affiliation?normalize=activity": {AP: 3 / 4, AV: 1 / 4, BP: 2 / 3, BV: 1 / 3, CV: 1},
    "affiliation?normalize=prominence": {AP: 3 / 5, AV: 1 / 3, BP: 2 / 5, BV: 1 / 3, CV: 1 / 3},
    "affiliation?duplicates=month": {AP: 2, AV: 1, BP: 2, BV: 1, CV: 1},
    "affiliation?duplicates=year&aggregate=subtract": {AV: 1, BP: 1 - 2, BV: -1, CV: 1},
    "affiliation?min_weight=2": {AP: 3, BP: 2},
    "congruence": CONGRUENCE,
    "conflict": {AB: 2 * 1 / 4 + 2 + 3 / 4 + 1, BC: 1},
    "subtract": {AB: 2.75 - 4.25, AC: 1, BC: -1},
    "ignore": {AB: 3 * 2 + 1, AC: 1, BC: 1},
    "congruence?normalize=average": {AB: 2.75 / 3.5, AC: 1 / 2.5},
    "congruence?normalize=dna-cosine": {AB: 2.75 / 12, AC: 1 / 4},
    "congruence?normalize=cosine": {AB: 2.75 / sqrt(10 * 5), AC: 1 / sqrt(10)},
    "congruence?normalize=jaccard": {AB: 2.75 / (3 + 2 + 1), AC: 1 / (3 + 0 + 1)},
    # Twice 2 on peace in one month, or in one paper, is once.
    "congruence?duplicates=month": {AB: 3 / 4 + 1 / 4 + 1, AC: 1},
    "congruence?duplicates=source": {AB: 3 / 4 + 1 / 4 + 1, AC: 1},
    "congruence?duplicates=day": CONGRUENCE,
    # Without stances a third is too, in the next month it is not.
    "ignore?duplicates=month": {AB: 2 * 2 + 1, AC: 1, BC: 1},
    "ignore?duplicates=all": {AB: 1 + 1, AC: 1, BC: 1},
    "ignore?duplicates=source": {AB: 2 * 2 + 1, AC: 1, BC: 1},
    "subtract?min_weight=-1": {AC: 1, BC: -1},
    "congruence?min_weight=1.5": {AB: 2.75},
    "co-attendance": {AB: 2, AC: 1, BC: 1},
    "co-attendance?normalize=jaccard": {AB: 1, AC: 1 / 2, BC: 1 / 2},
    "co-attendance?issues=peace": {AB: 1, AC: 1, BC: 1},
    "co-attendance?exclude_issue=peace": {AB: 1},
    "mentions": {AB: 2, ("bob", "cy"): 1, ("cy", "bob"): 1, ("cy", "ann"): 1},
    "mentions?min_weight=2": {AB: 2},
    "mentions?issues=vote": {},
    "mentions?exclude_issue=peace": {},
    # What part of it is asked for.
    "congruence?exclude_issue=vote": {AB: 2.75},
    "congruence?issues=vote": {AC: 1},
    "congruence?issues=vote,peace&exclude_issue=vote": {AB: 2.75},
    "congruence?actors=ann,cy": {AC: 1},
    "congruence?exclude_actor=ann": {},
    "mentions?exclude_actor=ann,dan": {("bob", "cy"): 1, ("cy", "bob"): 1},
    "mentions?actors=ann,bob": {AB: 2},
    "co-attendance?actors=bob,cy": {BC: 1},
    "congruence?track=main": {AB: 3 / 4},
    "affiliation?track=sub": {AP: 1, AV: 1},
    "co-attendance?track=main": {AB: 1, AC: 1, BC: 1},
    "mentions?track=main": {},
    # When it was.
    "congruence?from=2025-12": {AB: 1},
    "congruence?to=2025-11-20": {AB: 2 * 3 / 4},
    "congruence?as_of=2025-11-10": {AB: 3 / 4},
    "co-attendance?as_of=2025-11-30": {AB: 1, AC: 1, BC: 1},
    "mentions?from=2025-12-02": {("bob", "cy"): 1, ("cy", "bob"): 1, ("cy", "ann"): 1},
    "congruence?known_at=2001": {},
    "mentions?known_at=2001": {},
    "co-attendance?known_at=2001": {},
}


@pytest.mark.parametrize("network", NUMBERS)
def test_numbers(net: FlaskClient, network: str) -> None:
    assert asked(net, network) == pytest.approx(NUMBERS[network])
    if "known_at" not in network:  # As it was known at last is as it is.
        sign = "&" if "?" in network else "?"
        assert asked(net, f"{network}{sign}known_at=2999") == asked(net, network)


@pytest.mark.parametrize(
    "choice", ["", "?normalize=average", "?normalize=jaccard", "?issues=peace&from=2025-11-15"]
)
def test_congruence_and_conflict_are_all_there_is(net: FlaskClient, choice: str) -> None:
    near, far, all = (asked(net, f"{relation}{choice}") for relation in ("congruence", "conflict", "ignore"))
    assert all == pytest.approx({pair: near.get(pair, 0) + far.get(pair, 0) for pair in near | far})


def test_nodes_are_who_has_spoken_or_was_asked_for(net: FlaskClient) -> None:
    """Who is silent, too; not who was only claimed to stand somewhere, nor what there is not."""
    answer = net.get("/v1/networks/affiliation?actors=ann,dan,nobody,peace").json
    ann = {"id": "ann", "kind": "actor", "type": "person", "label": "Ann"}
    dan = {"id": "dan", "kind": "actor", "type": "person", "label": "Dan"}
    issues = [{"id": id, "kind": "issue", "label": LABELS[id]} for id in ("peace", "vote")]
    assert answer["nodes"] == [ann, dan, *issues]
    assert (answer["relation"], answer["directed"], answer["two_mode"]) == ("affiliation", False, True)
    assert (answer["normalize"], answer["aggregate"], answer["duplicates"]) == ("no", "ignore", "include")
    assert nodes(net, "congruence") == ["ann", "bob", "cy"]
    assert nodes(net, "mentions?actors=dan") == nodes(net, "co-attendance?actors=dan,x") == ["dan"]
    assert nodes(net, "affiliation?actors=dan&exclude_actor=dan") == []
    for unknown in ("actors=nobody", "issues=nothing", "track=nowhere", "actors=peace", "track=ann"):
        assert asked(net, f"congruence?{unknown}") == {}
    assert net.get("/v1/networks/mentions").json["directed"] is True


def test_what_was_known_then(net: FlaskClient) -> None:
    then = net.get("/v1/talks/planned").json["recorded_at"]
    changed = {**said("ann", "2025-12-01", "post", peace=2), "id": "s3"}
    recording.write(
        [
            Change("statement", "s3", changed, replaces=ANY),
            Change("statement", "s7", said("dan", "2025-12-20", "post", peace=2, addressed_to=["ann"])),
            Change("actor", "ann", {**ACTOR, "name": "Anne"}, replaces=ANY),
        ],
        "us",
    )
    assert asked(net, f"congruence?known_at={then}") == pytest.approx(CONGRUENCE)
    assert asked(net, "congruence")[AB] == pytest.approx(3 * 3 / 4)
    assert asked(net, "mentions") == {
        ("ann", "bob"): 1,
        ("bob", "cy"): 1,
        ("cy", "ann"): 1,
        ("cy", "bob"): 1,
        ("dan", "ann"): 1,
    }
    labels = [
        net.get(f"/v1/networks/mentions?known_at={at}").json["nodes"][0]["label"] for at in (then, "2999")
    ]
    assert labels == ["Ann", "Anne"]


def test_a_merged_actor_is_the_one_it_became(net: FlaskClient) -> None:
    recording.write(
        [
            Change("actor", "annie", ACTOR),
            Change("statement", "s8", said("annie", "2025-12-02", "post", vote=1)),
        ],
        "us",
    )
    before = net.get("/v1/statements/s8").json["recorded_at"]
    assert asked(net, "affiliation?actors=annie") == {("annie", "vote"): 1}
    recording.merge("actor", "annie", "ann", "us")
    assert asked(net, "affiliation?actors=annie") == {AP: 3, AV: 2}
    assert asked(net, "affiliation?exclude_actor=annie") == {BP: 2, BV: 1, CV: 1}
    assert asked(net, f"affiliation?actors=annie&known_at={before}") == {("annie", "vote"): 1}
    recording.write([Change("actor", "eve", ACTOR), Change("actor", "eva", ACTOR)], "us")
    recording.merge("actor", "eva", "eve", "us")
    assert nodes(net, "mentions?actors=eva") == ["eve"]
    recording.write([Change("actor", "eve", None, replaces=ANY)], "us")
    assert nodes(net, "mentions?actors=eva,eve") == []


def test_windows(net: FlaskClient) -> None:
    answer = net.get("/v1/networks/congruence?windows=month").json
    assert "nodes" not in answer
    assert [(part["label"], part["start"], part["end"]) for part in answer["windows"]] == [
        ("2025-11", "2025-11-01", "2025-11-30"),
        ("2025-12", "2025-12-01", "2025-12-31"),
    ]
    assert [ties(part) for part in answer["windows"]] == [{AB: 2 * 3 / 4}, {AB: 1}]
    assert [[node["id"] for node in part["nodes"]] for part in answer["windows"]] == [
        ["ann", "bob"],
        ["ann", "bob", "cy"],
    ]
    for relation, expected in {
        "co-attendance": [{AB: 1, AC: 1, BC: 1}, {AB: 1}],
        "mentions": [{AB: 1}, {AB: 1, ("bob", "cy"): 1, ("cy", "bob"): 1, ("cy", "ann"): 1}],
        "affiliation": [{AP: 2, AV: 1, BP: 1, BV: 1}, {AP: 1, BP: 1, CV: 1}],
    }.items():
        found = net.get(f"/v1/networks/{relation}?windows=month").json["windows"]
        assert [ties(part) for part in found] == expected
    weeks = net.get("/v1/networks/congruence?windows=week&from=2025-11-20").json["windows"]
    assert [part["label"] for part in weeks] == ["2025-W47", "2025-W48", "2025-W49", "2025-W50", "2025-W51"]
    assert weeks[1]["edges"] == weeks[1]["nodes"] == []
    assert net.get("/v1/networks/congruence?windows=year&from=2030").json["windows"] == []


REFUSED = {
    "congruence?colour=red": ["colour"],
    "congruence?normalize=activity": ["normalize"],
    "congruence?aggregate=ignore": ["aggregate"],
    "congruence?measures=degree": ["measures"],
    "affiliation?normalize=jaccard&duplicates=never&aggregate=sum": ["aggregate", "duplicates", "normalize"],
    "affiliation?aggregate=combine": ["aggregate"],
    "affiliation?aggregate=combine&issues=vote&normalize=activity": ["normalize"],
    "co-attendance?duplicates=all": ["duplicates"],
    "co-attendance?normalize=prominence": ["normalize"],
    "mentions?normalize=no&duplicates=include": ["duplicates", "normalize"],
    "ignore?windows=day&min_weight=many": ["min_weight", "windows"],
    "ignore?min_weight=nan": ["min_weight"],
    "ignore?min_weight=1e999": ["min_weight"],
    "ignore?actors=&issues=A&track=-": ["actors", "issues", "track"],
    "ignore?from=yesterday&known_at=2025-99": ["from", "known_at"],
    "ignore?min_weight=1&min_weight=2": ["min_weight"],
}


@pytest.mark.parametrize("network", REFUSED)
def test_refusals(net: FlaskClient, network: str) -> None:
    assert parameters(net.get(f"/v1/networks/{network}")) == REFUSED[network]


@pytest.mark.parametrize(
    ("network", "windows"),
    [
        ("congruence?exclude_actor=ann,bob", ["2025-12"]),
        ("affiliation?exclude_issue=peace&actors=ann,bob", ["2025-11"]),
        ("mentions?exclude_actor=ann", ["2025-12"]),
        ("mentions?actors=bob,cy", ["2025-12"]),
        ("co-attendance?exclude_actor=ann,bob", ["2025-11"]),
    ],
)
def test_who_is_left_out_makes_no_window(net: FlaskClient, network: str, windows: list[str]) -> None:
    found = net.get(f"/v1/networks/{network}&windows=month").json["windows"]
    assert [part["label"] for part in found] == windows


def test_too_many_windows_are_refused(net: FlaskClient) -> None:
    recording.write([Change("statement", "old", said("ann", "1066-10-14", "post", peace=1))], "us")
    assert parameters(net.get("/v1/networks/ignore?windows=month")) == ["windows"]
    assert net.get("/v1/networks/ignore?windows=year").status_code == 200


def test_another_relation_is_not_found(net: FlaskClient) -> None:
    for path in ("/v1/networks", "/v1/networks/friendship", "/v1/networks/friendship/measures"):
        answer = net.get(path)
        assert (answer.status_code, answer.mimetype) == (404, PROBLEM)


def test_what_may_be_chosen_is_described_with_its_meaning(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").json["paths"]
    for relation in RELATIONS:
        taken = {found["name"]: found for found in paths[f"/v1/networks/{relation}"]["get"]["parameters"]}
        for name, meanings in {
            "normalize": {
                "affiliation": agreement.NORMALIZE_TWO_MODE,
                "mentions": {},
            }.get(relation, agreement.NORMALIZE_ONE_MODE),
            "duplicates": {} if relation in ("mentions", "co-attendance") else DUPLICATES,
            "aggregate": agreement.TWO_MODE if relation == "affiliation" else {},
        }.items():
            assert (name in taken) == bool(meanings), (relation, name)
            if meanings:
                assert taken[name]["schema"]["enum"] == list(meanings)
                assert all(meaning in taken[name]["description"] for meaning in meanings.values())
                assert taken[name]["schema"]["default"] == next(iter(meanings))


def test_the_number_of_queries_is_fixed(net: FlaskClient) -> None:
    def sent(network: str) -> int:
        with queries() as made:
            assert net.get(f"/v1/networks/{network}").status_code == 200
        return len(made)

    # The state; when it was recorded; ties; names of actors. Of positions: scales. Two-mode: names of issues.
    counts = {"mentions": 4, "co-attendance": 4, "congruence": 5, "affiliation": 6, "congruence/measures": 5}
    counts |= {"congruence?known_at=2999": 6, "congruence?actors=ann,bob&exclude_issue=vote": 6}
    counts |= {"congruence?track=main": 7, "congruence?windows=week&duplicates=source&format=gexf": 5}
    assert {network: sent(network) for network in counts} == counts
    people = [Change("actor", f"a{n}", ACTOR) for n in range(60)]
    texts = [said(f"a{n}", f"2025-10-{n % 30 + 1:02}", "post", peace=n % 5 - 2) for n in range(60)]
    recording.write([*people, *(Change("statement", f"x{n}", text) for n, text in enumerate(texts))], "us")
    counts["congruence/measures"] += 1  # The state once more where an answer was kept: of another one.
    assert {network: sent(network) for network in counts} == counts
