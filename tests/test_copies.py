"""What is exported can be imported: into an empty store, and that is then the same store."""

import io
from collections import Counter
from random import Random

import orjson
import pytest

from schemas.vocabulary import KINDS
from service import questions, recording
from service import settings as all_settings
from service.diplomacy.changes import ANY, Change
from service.errors import Conflict, Forbidden, Invalid
from service.ingest import ndjson
from service.recording import batches, staging
from service.settings import Settings
from service.storage import copies, database, migrate, records, writing
from service.storage.models import Edge, Record, Revision
from tests.conftest import ACTOR, ISSUE, SOURCE, Another, statement
from tests.storage import asking
from tests.storage.walk import OPERATIONS, World

WALKS = (8, 14, 32)


def empty(another: Another) -> None:
    """Another store, empty, which is the one that is asked from now on."""
    database.connect(all_settings.load()._replace(database_url=another(), synchronous="off"), create=True)
    migrate.migrate()


def walked(seed: int, steps: int = 50) -> World:
    random, world = Random(seed), World()  # noqa: S311
    world.begin()
    for _ in range(steps):
        world.write((random.choice(OPERATIONS), random.randrange(1000), random.randrange(1000)))
    return world


def plain() -> bytes:
    return b"".join(questions.exported())


def whole() -> bytes:
    return b"".join(questions.exported_revisions())


def load(text: bytes, **options: bool) -> recording.Loaded:
    return ndjson.load(io.BytesIO(text), "test", **{"restoring": True, **options})


def answers(known_at: int | None, but: str = "nothing") -> dict[str, bytes]:
    return {
        name: asking.answer(ask, known_at) for name, ask in asking.everything() if not name.startswith(but)
    }


def found() -> list[tuple[str, str]]:
    """What search finds, though not how well: that hangs on how the index was built."""
    hits = questions.found("anna OR боб OR round OR paper OR issue OR means", (), questions.Paging(99)).items
    return sorted((hit["id"], hit["snippet"]) for hit in hits)


@pytest.fixture(params=[1_000, 7], ids=["one batch", "many"])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The same in batches as small as those of a large file."""
    for module, name in (
        (batches, "ENTRIES_AT_ONCE"),
        (staging, "REVISIONS_AT_ONCE"),
        (copies, "ROWS_AT_ONCE"),
    ):
        monkeypatch.setattr(module, name, request.param)
    return int(request.param)


@pytest.mark.parametrize("seed", WALKS)
@pytest.mark.usefixtures("batch")
def test_records_come_to_the_same_records(store: Settings, another: Another, seed: int) -> None:
    walked(seed)
    text, answered, hits = plain(), answers(None, "past"), found()
    empty(another)
    loaded = load(text)
    assert loaded.created == loaded.revision == len(text.splitlines())
    assert plain() == text
    for name, was in answered.items():
        if was.startswith(b"308 ") and answered[f"record {was[4:].decode()}"] == b"404":
            answered[name] = b"404"  # It led to what was deleted.
    assert answers(None, "past") == answered
    assert found() == hits
    assert load(text)[:3] == (0, 0, loaded.created), "a second time it is there already"


@pytest.mark.parametrize("seed", WALKS)
@pytest.mark.usefixtures("batch")
def test_revisions_come_to_the_same_past(store: Settings, another: Another, seed: int) -> None:
    walked(seed)
    moments = [at for (at,) in Revision.select(Revision.recorded_at).distinct().tuples()]
    text, records_as_such, head, hits = whole(), plain(), writing.head(), found()
    asked = sorted({*moments[:: max(1, len(moments) // 4)], moments[-1], moments[0] - 1})
    answered = {at: answers(at) for at in (None, *asked)}
    edges = sorted(map(repr, Edge.select().tuples()))
    rows = sorted(map(repr, Record.select().tuples()))
    empty(another)
    load(text)
    assert whole() == text
    assert plain() == records_as_such
    assert writing.head() == head
    assert sorted(map(repr, Edge.select().tuples())) == edges
    assert sorted(map(repr, Record.select().tuples())) == rows
    assert found() == hits
    for at, expected in answered.items():
        assert answers(at) == expected, at


def test_the_walks_are_of_every_sort(store: Settings, another: Another) -> None:
    done = sum((walked_in(seed, another) for seed in WALKS), start=World().done)
    for what in ("deleted", "recreated", "amended", "patched", "merged actor", "merged issue"):
        assert done[what], what


def walked_in(seed: int, another: Another) -> Counter[str]:
    empty(another)
    return walked(seed).done


def test_an_export_as_of_an_earlier_instant(store: Settings, another: Another) -> None:
    walked(1)
    at = Revision.get_by_id(records.latest() // 2).recorded_at
    until = records.revision_at(at)
    answered, text = answers(at), b"".join(questions.exported(known_at=at))
    past = b"".join(questions.exported_revisions(known_at=at))
    assert past.count(b"\n") == until < records.latest()
    assert whole().startswith(past)
    empty(another)
    load(past)
    assert answers(None) == answers(at) == answered
    assert plain() == text


def test_an_export_reads_what_was_there_when_it_began(store: Settings) -> None:
    walked(2, 10)
    text, past = plain(), whole()
    copy, chain = questions.exported(), questions.exported_revisions()
    recording.write([Change("actor", "later", ACTOR)], "test")
    assert b"".join(copy) == text
    assert b"".join(chain) == past


def test_only_some_kinds(store: Settings) -> None:
    walked(3)
    for kind in KINDS:
        some = b"".join(questions.exported((kind,)))
        assert {orjson.loads(line)["kind"] for line in some.splitlines()} <= {kind}
    assert sum(len(b"".join(questions.exported((kind,)))) for kind in KINDS) == len(plain())


# --- what may not be restored ---------------------------------------------------------------------------


@pytest.fixture
def past(store: Settings, another: Another) -> list[dict[str, object]]:
    """The lines of a small past; the store that is asked is empty."""
    for change in (
        Change("actor", "ann", ACTOR),
        Change("source", "source", SOURCE),
        Change("actor", "bob", {**ACTOR, "name": "Bob"}),
        Change("statement", "said", statement()),
        Change("statement", "said", statement(speaker="bob"), replaces=ANY),
    ):
        recording.write([change], "us")
    recording.merge("actor", "bob", "ann", "us")
    lines = [orjson.loads(line) for line in whole().splitlines()]
    empty(another)
    return lines


def lines(*given: object) -> bytes:
    return b"".join(orjson.dumps(line) + b"\n" for line in given)


def refused(text: bytes, **options: bool) -> Invalid:
    with pytest.raises(Invalid) as error:
        load(text, **options)
    assert records.latest() == 0
    assert plain() == b""
    return error.value


def test_a_past_that_is_whole(past: list[dict[str, object]]) -> None:
    load(lines(*past), dry_run=True)
    assert records.latest() == 0
    load(lines(*past))
    assert records.latest() == len(past) == 7
    with pytest.raises(Conflict):
        load(lines(*past))


def test_a_past_of_which_a_line_is_missing_doubled_or_elsewhere(past: list[dict[str, object]]) -> None:
    for number in range(len(past) - 1):
        assert refused(lines(*past[:number], *past[number + 1 :])).faults
        assert refused(lines(*past[: number + 1], *past[number:])).faults
        assert refused(lines(*past[:number], past[number + 1], past[number], *past[number + 2 :])).faults


def test_a_past_of_which_anything_was_changed(past: list[dict[str, object]]) -> None:
    changed = {"revision": 9, "action": "deleted", "recorded_by": "them", "hash": "00" * 32, "version": 9}
    changed["recorded_at"] = "2020-01-01T00:00:00.000000Z"
    for number, line in enumerate(past):
        for name, value in changed.items():
            text = lines(*past[:number], {**line, name: value}, *past[number + 1 :])
            assert refused(text).faults[0].place.startswith(f"line {number + 1}"), name
        said = line["record"]
        assert isinstance(said, dict)
        for name in ("text", "merged_into", "notes"):
            text = lines(*past[:number], {**line, "record": {**said, name: "ann"}}, *past[number + 1 :])
            if said.get(name) != "ann":
                assert refused(text).faults[0].place.startswith(f"line {number + 1}"), name
    for line in ({"kind": "actor"}, {**past[1], "more": 1}, {**past[1], "record": []}, 7):
        assert refused(lines(past[0], line)).faults[0].place == "line 2"


def test_who_may_restore(past: list[dict[str, object]]) -> None:
    with pytest.raises(Forbidden):
        load(lines(*past), restoring=False)
    refused(lines(*past), partial=True)


def test_without_that_right_an_export_is_recorded_as_new(
    past: list[dict[str, object]], another: Another
) -> None:
    load(lines(*past[:5]))
    text = plain()
    empty(another)
    loaded = load(text, restoring=False)
    assert loaded.created == 4
    said = orjson.loads(questions.record("statement", "said").body)
    was = next(line for line in map(orjson.loads, text.splitlines()) if line["id"] == "said")
    assert (was["version"], said["version"]) == (2, 1)
    assert said["recorded_at"] > was["recorded_at"]
    content = [
        {k: v for k, v in found.items() if k not in ("version", "recorded_at")} for found in (was, said)
    ]
    assert content[0] == content[1]


def test_instants_of_recording_that_cannot_be(past: list[dict[str, object]]) -> None:
    stub = {"kind": "actor", "id": "ann", "version": 1, **ACTOR}
    for given in (["2999-01-01T00:00:00.000000Z"], ["yesterday"], ["2025-01-01"], [7],
                  ["2025-01-02T00:00:00.000000Z", "2025-01-01T00:00:00.000000Z"]):  # fmt: skip
        text = lines(*({**stub, "id": f"a{n}", "recorded_at": at} for n, at in enumerate(given)))
        assert [fault.place for fault in refused(text).faults] == [f"line {len(given)}/recorded_at"], given


@pytest.mark.parametrize("at_once", [1, 10])
def test_what_was_merged_is_no_record_any_more(
    store: Settings, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Not on a later line either, whether that is looked at together with it or not."""
    monkeypatch.setattr(batches, "ENTRIES_AT_ONCE", at_once)
    at = {"version": 1, "recorded_at": "2025-01-01T00:00:00.000000Z"}
    stub = {"kind": "actor", "id": "anna", **at, "merged_into": "ann"}
    refusal = refused(lines({**ACTOR, "id": "ann", **at}, stub, {**ACTOR, "id": "anna", **at, "version": 2}))
    assert refusal.faults == [("line 3", "actor 'anna' was merged into 'ann'.")]


def test_merges_that_cannot_be(past: list[dict[str, object]]) -> None:
    at = {"kind": "actor", "version": 2, "recorded_at": "2025-01-01T00:00:00.000000Z"}
    issue = {**ISSUE, "id": "truce", "version": 1, "recorded_at": at["recorded_at"]}
    for into in ("nobody", "truce", "self", 7):
        text = lines(issue, {**at, "id": "self", "merged_into": into})
        assert [fault.place for fault in refused(text).faults] == ["line 2/merged_into"], into
    assert refused(lines({**at, "id": "x", "merged_into": "y", "name": "X"})).faults[0].place == "line 1/name"
    load(lines({**ACTOR, "id": "ann"}))
    with pytest.raises(Invalid):
        load(lines({"kind": "actor", "id": "x", "merged_into": "ann"}))
