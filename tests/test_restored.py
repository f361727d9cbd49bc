"""A store that an export of records was restored into: what it takes, and what it says of the past."""

import orjson

from service import questions, recording
from service.diplomacy.changes import ANY, Change
from service.exports.formats import FORMATS
from service.questions import GraphQuestion, Span
from service.settings import Settings
from service.storage import database
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
