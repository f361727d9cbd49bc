"""A store that an export of records was restored into: what it takes, and what it says of the past."""

import orjson

from service import questions, recording
from service.app import create_app
from service.diplomacy.changes import ANY, Change
from service.exports.formats import FORMATS
from service.questions import GraphQuestion, Span
from service.settings import Settings
from service.storage import database, migrate
from service.storage.models import Revision
from tests.conftest import ACTOR, ISSUE, SOURCE, Another, statement
from tests.test_copies import empty, load, plain, whole


def test_what_is_longer_than_a_body_may_be(store: Settings, another: Another) -> None:
    """As a document can become by PATCH."""
    long = "語" * 100_000
    positions = [{"issue": "issue", "stance": 1, "conditions": long}]
    said = statement(text=long, translation=long, notes=long, positions=positions)
    documents = {"ann": ACTOR, "source": SOURCE, "issue": ISSUE, "said": said}
    recording.write([Change(one["kind"], id, one) for id, one in documents.items()], "test")
    for exported in (plain, whole):
        database.connect(store)
        text = exported()
        assert max(map(len, text.splitlines())) > store.max_body
        empty(another)
        assert load(text).created == 4
        assert exported() == text


def test_a_graph_of_the_past_has_both_ends_of_each_edge(store: Settings, another: Another) -> None:
    """Restored, a record may be older than what it names: that was amended since, and is as it was then."""
    kim = {**ACTOR, "memberships": [{"organization": "desk"}]}
    recording.write([Change("actor", "desk", ACTOR)], "test")
    recording.write([Change("actor", "kim", kim)], "test")
    recording.write([Change("actor", "desk", {**ACTOR, "notes": "Amended."}, replaces=ANY)], "test")
    text = plain()
    empty(another)
    load(text)
    moment = min(at for (at,) in Revision.select(Revision.recorded_at).tuples())

    def drawn(question: GraphQuestion, known_at: int | None) -> tuple[int, int]:
        pieces = questions.drawn(question, Span(known_at=known_at))(FORMATS["node-link"].write)
        found = orjson.loads(b"".join(pieces))
        return len(found["nodes"]), len(found["edges"])

    for question in (GraphQuestion(), GraphQuestion(around="kim"), GraphQuestion(actor="kim")):
        assert drawn(question, None) == (2, 1)
        assert drawn(question, moment)[1] == 0
    assert drawn(GraphQuestion(), moment) == drawn(GraphQuestion(around="kim"), moment) == (1, 0)
    assert drawn(GraphQuestion(relations=["member-of"]), moment) == (0, 0)


def test_the_past_is_told_of_what_names_something_younger(
    store: Settings, settings: Settings, another: Another
) -> None:
    """What it names is told as it was first known."""
    named = {"ann": ACTOR, "bob": ACTOR, "source": SOURCE, "issue": ISSUE}
    said = statement(positions=[{"issue": "issue", "stance": 1}], addressed_to=["bob"])
    recording.write([Change(one["kind"], id, one) for id, one in named.items()], "test")
    recording.write([Change("statement", "said", said)], "test")
    moment = questions.record("statement", "said", None).body
    for id in ("bob", "source", "issue"):
        recording.write(
            [Change(named[id]["kind"], id, {**named[id], "notes": "Amended."}, replaces=ANY)], "test"
        )
    text = plain()
    elsewhere = settings._replace(database_url=another())
    database.connect(elsewhere, create=True)
    migrate.migrate()
    load(text)
    client = create_app(elsewhere).test_client()
    known = f"known_at={orjson.loads(moment)['recorded_at']}"
    (entry,) = client.get(f"/v1/actors/ann/positions?{known}").json["items"]
    assert (entry["issue"], entry["statement"]["id"]) == ("issue", "said")
    assert client.get(f"/v1/timeline?{known}").json["included"].keys() == named.keys()
    for path in ("timeline?format=csv", "timeline?format=ics", "networks/mentions?", "networks/congruence?"):
        answer = client.get(f"/v1/{path}&{known}", buffered=True)
        assert (answer.status_code, b"internal" in answer.data) == (200, False)
    assert b"A paper" in client.get(f"/v1/timeline?format=csv&{known}", buffered=True).data
    assert [actor["id"] for actor in client.get(f"/v1/actors?{known}").json["items"]] == ["ann"]
