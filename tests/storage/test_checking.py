"""A store that nobody has touched is found sound, however it was written to."""

from collections import Counter
from random import Random

import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from service import questions, recording
from service.diplomacy.changes import ANY, Change
from service.questions import Finding, Head
from service.settings import Settings
from service.storage import auditing, database, migrate, search, writing
from tests.conftest import ACTOR, SOURCE, Another, statement, talk
from tests.storage.walk import OPERATIONS, World, Write


def checked(kept: Head | None = None) -> list[Finding]:
    """What a check finds."""
    found: list[Finding] = []
    steps: list[int] = []
    head = questions.check(kept, found.append, steps.append)
    with database.reading():
        assert head == writing.head()[:2]
        assert sum(steps) == auditing.size()
    return found


def fresh(settings: Settings, another: Another) -> World:
    database.connect(settings._replace(database_url=another()), create=True)
    migrate.migrate()
    world = World()
    world.begin()
    return world


def test_an_empty_store_is_sound(store: Settings) -> None:
    assert checked() == []


def test_the_demo_is_sound(demo: Settings) -> None:
    assert checked() == []


@hypothesis_settings(max_examples=25, phases=[Phase.generate, Phase.shrink])
@given(
    writes=st.lists(
        st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 25), st.integers(0, 99)),
        min_size=6,
        max_size=30,
    )
)
def test_what_is_written_is_sound(settings: Settings, another: Another, writes: list[Write]) -> None:
    world = fresh(settings, another)
    for write in writes:
        world.write(write)
    assert checked() == []


def test_a_long_past_is_sound(settings: Settings, another: Another, monkeypatch: pytest.MonkeyPatch) -> None:
    """One long sequence, read in batches that cut through it everywhere."""
    world, random = fresh(settings, another), Random(5)  # noqa: S311
    for _ in range(600):
        world.write((random.choice(OPERATIONS), random.randint(0, 25), random.randint(0, 9_999)))
    done = Counter(world.done)
    assert done["deleted"] > 5
    assert sum(many for what, many in done.items() if what.startswith("merged")) > 5
    for size in (1, 7, 250):
        monkeypatch.setattr(auditing, "BATCH", size)
        assert checked() == []


def test_what_one_call_makes_and_deletes_is_sound(store: Settings) -> None:
    ann, paper = Change("actor", "ann", ACTOR), Change("source", "source", SOURCE)
    said = Change("statement", "s", statement())
    gone = Change("statement", "s", None, replaces=ANY)
    recording.write([ann, paper, said, gone], "test")
    assert checked() == []


def test_a_merge_of_one_on_whose_behalf_another_took_part_is_sound(store: Settings) -> None:
    actors = [Change("actor", id, {**ACTOR, "name": id}) for id in ("ann", "bob", "cy", "dee")]
    took = [{"actor": "ann", "role": "party", "on_behalf_of": "bob"}, {"actor": "cy", "role": "host"}]
    met = Change("talk", "met", talk(participants=took))
    recording.write([*actors, Change("source", "source", SOURCE), met], "test")
    recording.merge("actor", "bob", "cy", "test")
    assert checked() == []
    recording.merge("actor", "cy", "dee", "test")
    assert checked() == []
    recording.merge("actor", "ann", "dee", "test")
    assert checked() == []


LONG = "Nothing is agreed until all of it is agreed, said the envoy, and asked both to come back on Monday"


@pytest.mark.parametrize("indexed", [LONG.removesuffix(" Monday"), LONG.replace("Monday", "Tuesday"), ""])
def test_a_word_far_into_a_text_is_looked_for(store: Settings, indexed: str) -> None:
    said = Change("statement", "it", statement(text=LONG))
    recording.write([Change("actor", "ann", ACTOR), Change("source", "source", SOURCE), said], "test")
    assert checked() == []
    with database.writing():
        [key] = [record.key for rows in auditing.records() for record in rows if record.id == "it"]
        search.forget([key])
        search.learn([(key, indexed, "", "", "statement")])
    assert [finding.where for finding in checked()] == ["record it"]
