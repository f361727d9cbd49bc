"""Answers that are sent as they are written: of the state that their tag names, whatever comes before."""

from collections.abc import Callable

import pytest

from service import questions, recording
from service.diplomacy.changes import ANY, Change
from service.exports import formats, timeline_formats
from service.questions import GraphQuestion, Span
from service.settings import Settings
from tests.conftest import ACTOR, ISSUE, SOURCE, TRACK, statement

SAID = statement(positions=[{"issue": "truce", "stance": 1}], track="below")


def amended() -> None:
    recording.write(
        [
            Change(
                "statement", "said", {**SAID, "addressed_to": ["bob"], "made": "2025-12-24"}, replaces=ANY
            ),
            Change("actor", "ann", {**ACTOR, "name": "Ann B."}, replaces=ANY),
        ],
        "test",
    )


def merged() -> None:
    recording.merge("actor", "ann", "bob", "test")
    recording.merge("issue", "truce", "peace", "test")
    recording.merge("track", "talks", "others", "test")


def deleted() -> None:
    kinds = {"said": "statement", "ann": "actor", "truce": "issue", "below": "track", "talks": "track"}
    recording.write([Change(kind, id, None, replaces=ANY) for id, kind in kinds.items()], "test")


@pytest.fixture
def filled(store: Settings) -> None:
    documents = {
        "source": SOURCE,
        **dict.fromkeys(("ann", "bob"), ACTOR),
        **dict.fromkeys(("truce", "peace"), ISSUE),
        **dict.fromkeys(("talks", "others"), TRACK),
        "below": {**TRACK, "parent": "talks"},
        "said": SAID,
    }
    recording.write([Change(one["kind"], id, one) for id, one in documents.items()], "test")


between = pytest.mark.parametrize("recorded", [amended, merged, deleted])


@between
@pytest.mark.parametrize("name", ["node-link", "csv"])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"actor": "ann"},
        {"issue": "truce"},
        {"track": "talks"},
        {"around": "ann", "hops": 2},
        {"actor": "ann", "around": "truce"},
    ],
)
def test_a_graph(filled: None, asked: dict[str, str], name: str, recorded: Callable[[], None]) -> None:
    def drawn() -> Callable[[], bytes]:
        write = questions.drawn(GraphQuestion(**asked), Span())
        return lambda: b"".join(write(formats.FORMATS[name].write))

    before, body = drawn()(), drawn()
    recorded()
    assert body() == before


@between
@pytest.mark.parametrize("name", timeline_formats.FORMATS)
@pytest.mark.parametrize("track", ["talks", None])
def test_a_timeline(filled: None, name: str, track: str | None, recorded: Callable[[], None]) -> None:
    def told() -> Callable[[], bytes]:
        write = questions.told(("statement",), ["ann"], ["truce"], track, Span(), None, "http://localhost/")
        return lambda: b"".join(write(timeline_formats.FORMATS[name].write))

    before, body = told()(), told()
    recorded()
    assert body() == before
