"""What was answered then is answered again by ``known_at``: after amendments, deletions and merges too."""

from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from service import questions, recording
from service.diplomacy import dates, revisions
from service.diplomacy.changes import ANY, Change
from service.errors import Invalid, Moved, NotFound
from service.questions import Paging, Span
from service.settings import Settings
from service.storage import database, migrate, records
from service.storage.models import Revision
from tests.conftest import ACTOR, ISSUE, SOURCE, TRACK, Another, statement, talk
from tests.storage import asking
from tests.storage.walk import HOW_MANY, OPERATIONS, World, Write

QUESTIONS = list(asking.everything())


class Taken(NamedTuple):
    """All answers after one write, and the instants from and to which they were the answers."""

    since: int
    until: int | None
    answers: list[bytes]


def fresh(settings: Settings, another: Another) -> World:
    database.connect(settings._replace(database_url=another()), create=True)
    migrate.migrate()
    return World()


def instant(seq: int) -> int:
    return int(Revision.select(Revision.recorded_at).where(Revision.seq == seq).scalar())


def answers(known_at: int | None) -> list[bytes]:
    return [asking.answer(ask, known_at) for _, ask in QUESTIONS]


def written(world: World, writes: list[Write]) -> list[Taken]:
    """Do the writes, and take every answer before the first and after each."""
    taken = [Taken(0, None, answers(None))]
    for number, write in enumerate([None, *writes]):
        before = records.latest()
        if number == 0:
            world.begin()
        elif not world.write(write):
            assert records.latest() == before, "what was refused was written"
            continue
        began = instant(before + 1)
        taken[-1] = taken[-1]._replace(until=began - 1)
        taken.append(Taken(instant(records.latest()), None, answers(None)))
    return taken


def asked_again(taken: list[Taken]) -> None:
    """Ask everything again at the first instant of each state of the store, and in turn at its last."""
    for number, then in enumerate(taken):
        at = then.until if number % 2 and then.until is not None else then.since
        for (name, _), was, is_now in zip(QUESTIONS, then.answers, answers(at), strict=True):
            assert is_now == was, f"{name}, after write {number} of {len(taken) - 1}"


@hypothesis_settings(max_examples=4, phases=[Phase.generate])
@given(
    writes=st.lists(
        st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 25), st.integers(0, 99)), min_size=4, max_size=9
    )
)
def test_answers_are_the_same_later(settings: Settings, another: Another, writes: list[Write]) -> None:
    asked_again(written(fresh(settings, another), writes))


def test_a_long_past(settings: Settings, another: Another) -> None:
    """One long sequence in which every sort of write is seen to succeed."""
    world, random = fresh(settings, another), Random(11)  # noqa: S311
    writes: list[Write] = [
        (random.choice(OPERATIONS), random.randint(0, 25), random.randint(0, 999)) for _ in range(8)
    ]
    writes += [("put", 25, 1), ("delete", 25, 2), ("put", 25, 3), ("patch", 5, 4), ("batch", 15, 5)]
    # Merges of every kind, and a merge of what was merged into: its aliases lead on, but not before.
    for kind, many in HOW_MANY.items():
        first = sum(list(HOW_MANY.values())[: list(HOW_MANY).index(kind)])
        writes += [("put", first + number, 7) for number in range(min(many, 3))]
        writes += [("merge", first + number, 5) for number in range(2)]
    taken = written(world, writes)
    asked_again(taken)
    done = world.done
    assert {f"merged {kind}" for kind in HOW_MANY} <= set(done), done
    assert (
        min(done[name] for name in ("created", "amended", "patched", "deleted", "recreated", "batched")) > 0
    ), done
    assert any(world.merged.get(into) for into in world.merged.values()), "no merge of what was merged into"
    changed = sum(then.answers != now.answers for then, now in pairwise(taken))
    assert changed > len(taken) * 0.8, "most writes change some answer"


def said(**fields: Any) -> dict[str, Any]:
    return statement(positions=[{"issue": "ceasefire", "stance": 1}], **fields)


def record(kind: str, id: str, document: dict[str, Any] | None) -> int:
    """Record a document; gives the instant."""
    recording.write([Change(kind, id, document, replaces=None if _new(kind, id) else ANY)], "test")
    return instant(records.latest())


def _new(kind: str, id: str) -> bool:
    try:
        questions.record(kind, id)
    except NotFound:
        return True
    return False


@pytest.fixture
def small(store: Settings) -> dict[str, int]:
    """One statement, amended, deleted and recorded again: the instants of each."""
    for kind, id, document in (
        ("actor", "ann", ACTOR),
        ("source", "source", SOURCE),
        ("issue", "ceasefire", ISSUE),
        ("track", "talks", TRACK),
    ):
        record(kind, id, document)
    return {
        "created": record("statement", "s", said()),
        "amended": record("statement", "s", said(made="2025-12-22")),
        "deleted": record("statement", "s", None),
        "recreated": record("statement", "s", said(made="2025-12-23")),
    }


def history(known_at: int | None) -> list[str]:
    page = questions.history(
        ["ann"], [], "exclude", ("attested",), Span(known_at=known_at), Paging(10), ("actor", "ann")
    )
    return [item["date"] for item in page.items]


def test_before_the_first_write_nothing_is_known(small: dict[str, int]) -> None:
    before = instant(1) - 1
    for kind in HOW_MANY:
        assert questions.listing(kind, {}, (), (), Span(known_at=before), Paging(10)) == questions.Page(
            [], None
        )
    with pytest.raises(NotFound):
        questions.record("actor", "ann", before)
    with pytest.raises(NotFound):
        questions.past("actor", "ann", Paging(10), before)
    with pytest.raises(NotFound):
        history(before)
    with pytest.raises(NotFound):
        questions.timeline(("talk",), [], [], "talks", Span(known_at=before), Paging(10))
    assert questions.timeline(("talk",), ["ann"], [], None, Span(known_at=before), Paging(10)).items == []


def test_each_instant_has_its_own_answer(small: dict[str, int]) -> None:
    expected = {
        "created": ["2025-12-21"],
        "amended": ["2025-12-22"],
        "deleted": [],
        "recreated": ["2025-12-23"],
    }
    ends = [*list(small.values())[1:], small["recreated"] + 10**12]
    for (name, at), end in zip(small.items(), ends, strict=True):
        assert history(at) == history(end - 1) == expected[name]
    assert history(small["created"] - 1) == []


def test_a_refused_write_changes_no_answer(small: dict[str, int]) -> None:
    at = instant(records.latest())
    with pytest.raises(Invalid):
        record("statement", "s", said(speaker="nobody"))
    assert instant(records.latest()) == at
    assert history(None) == history(at) == ["2025-12-23"]


def test_a_merge_is_one_instant(small: dict[str, int]) -> None:
    """No ``known_at`` finds a merge half done: the names joined, the duplicate still there."""
    record("actor", "anna", {**ACTOR, "name": "Анна"})
    before = records.latest()
    recording.merge("actor", "anna", "ann", "test")
    assert records.latest() - before == 2
    assert instant(before + 1) == instant(before + 2)


def test_a_merged_id_leads_on_from_the_merge_on_and_to_where_it_led_then(small: dict[str, int]) -> None:
    for id in ("anna", "annie"):
        record("actor", id, {**ACTOR, "name": id})
    apart = record("statement", "t", said(speaker="anna", made="2025-12-24"))
    recording.merge("actor", "anna", "annie", "test")
    first = instant(records.latest())
    recording.merge("actor", "annie", "ann", "test")
    second = instant(records.latest())
    for at, leads in (
        (first - 1, None),
        (first, "annie"),
        (second - 1, "annie"),
        (second, "ann"),
        (None, "ann"),
    ):
        if leads is None:
            assert orjson.loads(questions.record("actor", "anna", at).body)["name"] == "anna"
        else:
            with pytest.raises(Moved) as moved:
                questions.record("actor", "anna", at)
            assert moved.value.new == leads
        found = questions.listing("statement", {"speaker": ["anna"]}, (), (), Span(known_at=at), Paging(10))
        ids = [orjson.loads(orjson.dumps(item))["id"] for item in found.items]
        assert ids == (["s", "t"] if leads == "ann" else ["t"]), at
    page = questions.timeline(("statement",), [], [], None, Span(known_at=first), Paging(10))
    assert page.included is not None
    assert {"ann", "anna", "annie", "ceasefire", "source"} == set(page.included)
    assert apart < first


def test_over_http(writer: FlaskClient) -> None:
    """The same over HTTP, with instants as callers write them, and a date for the end of its day."""
    paths = (
        "/v1/actors/ann",
        "/v1/actors/anna",
        "/v1/actors/ann/revisions",
        "/v1/actors",
        "/v1/talks?participant=anna",
        "/v1/statements?speaker=ann&limit=1",
        "/v1/actors/ann/positions?attributed=include",
        "/v1/actors/anna/positions",
        "/v1/issues/ceasefire/positions?status=attested,retracted",
        "/v1/timeline",
        "/v1/timeline?actor=anna&kind=talk,statement",
        "/v1/tracks/talks/timeline",
    )

    def put(path: str, document: dict[str, Any]) -> None:
        etag = writer.get(path).headers.get("ETag")
        answer = writer.put(path, json=document, headers={"If-Match": etag} if etag else {})
        assert answer.status_code in (200, 201), answer.json

    def ask(known_at: str | None) -> list[tuple[int, str | None, Any]]:
        found = []
        for path in paths:
            mark = "&" if "?" in path else "?"
            answer = writer.get(f"{path}{mark}known_at={known_at}" if known_at else path)
            body = answer.json if answer.status_code == 200 else None
            leads = answer.headers.get("Location", "").partition("?")[0]
            found.append((answer.status_code, leads, {k: v for k, v in (body or {}).items() if k != "next"}))
        return found

    writes = [
        lambda: put("/v1/sources/source", SOURCE),
        lambda: (
            put("/v1/actors/ann", ACTOR),
            put("/v1/actors/anna", ACTOR),
            put("/v1/issues/ceasefire", ISSUE),
        ),
        lambda: put("/v1/tracks/talks", TRACK),
        lambda: put("/v1/statements/s", said(track="talks")),
        lambda: put("/v1/statements/t", said(speaker="anna", made="2025-12-20")),
        lambda: put("/v1/talks/k", talk(track="talks", participants=[{"actor": "anna", "role": "host"}])),
        lambda: recording.merge("actor", "anna", "ann", "test"),
        lambda: put("/v1/statements/t", said(status="retracted")),
        lambda: writer.delete("/v1/talks/k", headers={"If-Match": "*"}),
    ]
    taken = []
    for write in writes:
        write()
        taken.append((revisions.instant(instant(records.latest())), ask(None)))
    codes = Counter(code for _, answers in taken for code, _, _ in answers)
    assert set(codes) == {200, 404, 308}
    for at, answers in taken:
        assert ask(at) == answers, at
    # A date means its end, in UTC. The clock of the store runs within some day or two.
    first, last = (revisions.instant(instant(seq))[:10] for seq in (1, records.latest()))
    assert ask(last) == taken[-1][1]
    assert {code for code, _, _ in ask("2025-12-22")} <= {200, 404}
    assert dates.last_moment("2025-12-22") < instant(1), first
    assert not any(body.get("items") for _, _, body in ask("2025-12-22"))
