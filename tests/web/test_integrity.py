"""What others rest on stays: a record that is referred to, a stance that is taken."""

import pytest
from flask.testing import FlaskClient

from schemas.vocabulary import KINDS, REFERENCES
from tests.web.samples import (
    FULL,
    ID,
    MINIMAL,
    PROBLEM,
    naming,
    newest,
    patch,
    path,
    put,
    record,
)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_referred_to_cannot_be_deleted(world: FlaskClient, kind: str) -> None:
    for number, reference in enumerate(REFERENCES[kind]):
        target, needed, referrer = reference.kinds[0], f"needed-{number}", f"referrer-{number}"
        record(world, target, needed, MINIMAL[target])
        record(world, kind, referrer, naming(kind, reference, needed))
        at = newest(world)
        answer = world.delete(path(target, needed), headers={"If-Match": "*"})
        assert (answer.status_code, answer.mimetype) == (409, PROBLEM), reference.path
        assert {(found["id"], found["kind"]) for found in answer.json["referrers"]} == {(referrer, kind)}
        assert {found["relation"] for found in answer.json["referrers"]} & set(reference.relations)
        assert newest(world) == at
        assert world.delete(path(kind, referrer), headers={"If-Match": "*"}).status_code == 204
        assert world.delete(path(target, needed), headers={"If-Match": "*"}).status_code == 204


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_longer_referred_to_can_be_deleted(world: FlaskClient, kind: str) -> None:
    record(world, kind, "mine", FULL[kind])
    named = {reference.kinds[0] for reference in REFERENCES[kind]}
    for target in named:
        assert world.delete(path(target, ID[target]), headers={"If-Match": "*"}).status_code == 409
    assert put(world, kind, "mine", MINIMAL[kind], If_Match="*").status_code == 200
    assert world.delete(path(kind, "mine"), headers={"If-Match": "*"}).status_code == 204


def test_of_many_referrers_the_first_are_named(world: FlaskClient) -> None:
    for number in range(25):
        record(world, "event", f"event-{number:02}", {**MINIMAL["event"], "tracks": ["main"]})
    referrers = world.delete("/v1/tracks/main", headers={"If-Match": "*"}).json["referrers"]
    assert 1 < len(referrers) < 25
    assert [found["id"] for found in referrers] == [f"event-{number:02}" for number in range(len(referrers))]
    assert {found["label"] for found in referrers} == {MINIMAL["event"]["title"]}


def test_a_scale_keeps_the_stances_that_are_taken(world: FlaskClient) -> None:
    position = {"issue": "region", "stance": -1}
    record(world, "statement", "said", {**MINIMAL["statement"], "positions": [position]})
    clause = {"key": "1", "issue": "region", "stance": 2}
    record(world, "proposal", "tabled", {**MINIMAL["proposal"], "clauses": [clause]})
    at = newest(world)

    def scale(*values: int) -> list[dict[str, object]]:
        return [{"value": value, "label": f"v{value}"} for value in values]

    for values, missing in (((-1, 0), {"tabled"}), ((0, 2), {"said"}), ((0, 1), {"said", "tabled"})):
        replaced = {**MINIMAL["issue"], "scale": scale(*values)}
        for answer in (
            patch(world, "issue", "region", {"scale": scale(*values)}),
            put(world, "issue", "region", replaced, If_Match="*"),
        ):
            assert (answer.status_code, answer.mimetype) == (409, PROBLEM)
            assert {found["id"] for found in answer.json["referrers"]} == missing
    # To leave the scale out is to ask for the default one, which has both.
    assert put(world, "issue", "region", MINIMAL["issue"], If_Match="*").status_code == 200
    assert newest(world) != at
    assert patch(world, "issue", "region", {"scale": scale(-7, -1, 2, 100)}).status_code == 200
    assert world.delete("/v1/proposals/tabled", headers={"If-Match": "*"}).status_code == 204
    assert patch(world, "issue", "region", {"scale": scale(-1, 0)}).status_code == 200
    # A stance is now measured by the scale as it is.
    answer = patch(world, "statement", "said", {"positions": [{"issue": "region", "stance": 2}]})
    assert [error["pointer"] for error in answer.json["errors"]] == ["/positions/0/stance"]
