"""Whatever is done to a store behind the service's back is detected, and named."""

import hashlib
import re
from collections.abc import Iterator

import orjson
import pytest

from service import recording
from service.diplomacy import revisions
from service.diplomacy.changes import ANY, Change
from service.questions import Head
from service.settings import Settings
from tests.behind import Raw
from tests.conftest import ACTOR, ISSUE, SOURCE, statement
from tests.storage.test_checking import checked


@pytest.fixture
def raw(store: Settings) -> Iterator[Raw]:
    """A store of eleven revisions, and a connection that no rule holds back.

    8 amends s1, 9 and 10 merge bob into ann (his name goes over to her first), 11 deletes s2.
    """
    held = {"issue": "truce", "stance": 1}
    recording.write(
        [
            *(Change("actor", id, {**ACTOR, "name": id.title()}) for id in ("ann", "bob", "cy")),
            Change("source", "source", SOURCE),
            Change("issue", "truce", ISSUE),
            Change("statement", "s1", statement(positions=[held, {**held, "holder": "bob"}])),
            Change("statement", "s2", statement(speaker="bob", addressed_to=["cy"])),
        ],
        "test",
    )
    amended = statement(positions=[{**held, "stance": 2, "firmness": "firm"}], addressed_to=["bob"])
    recording.write([Change("statement", "s1", amended, replaces=ANY)], "test")
    recording.merge("actor", "bob", "ann", "test")
    recording.write([Change("statement", "s2", None, replaces=ANY)], "test")
    assert checked() == []
    behind = Raw(store)
    yield behind
    behind.close()


def found(kept: Head | None = None) -> list[str]:
    return [f"{finding.where}: {finding.what}" for finding in checked(kept)]


OTHER_WORDS = "record cy: is in the search index under other words"
EDIT = "UPDATE revision SET document = CAST(replace(document, {}) AS BLOB) WHERE "
DAMAGE: dict[str, tuple[str, str]] = {
    "an edited byte": (
        EDIT.format("""'"So be it."', '"So be is."'""") + "seq = 6",
        r"revision 6 \(statement s1 version 1\): has not the hash",
    ),
    "an edited byte of the newest": (
        "UPDATE revision SET document = document || ' ' WHERE seq = 11",
        r"revision 11 \(.*\): has not the hash",
    ),
    "no document any more": (
        "UPDATE revision SET document = x'00ff' WHERE seq = 8",
        r"revision 8 \(.*\): has not the hash",
    ),
    "another author": (
        "UPDATE revision SET recorded_by = 'someone' WHERE seq = 2",
        r"revision 2 \(actor bob version 1\): has not the hash",
    ),
    "another action": (
        "UPDATE revision SET action = 1 WHERE seq = 3",
        r"revision 3 \(actor cy version 1\): has not the hash",
    ),
    "another hash": (
        "UPDATE revision SET hash = zeroblob(32) WHERE seq = 3",
        r"revision 3 \(actor cy version 1\): has not the hash",
    ),
    "a middle revision deleted": (
        "DELETE FROM revision WHERE seq = 3",
        r"revision 4 \(source source version 1\): revision 3 is missing",
    ),
    "several deleted": (
        "DELETE FROM revision WHERE seq IN (3, 4, 5)",
        r"revision 6 \(.*\): revisions 3 to 5 are missing",
    ),
    "the first deleted": ("DELETE FROM revision WHERE seq = 1", r"revision 2 \(.*\): revision 1 is missing"),
    "a deleted one's edges": (
        "DELETE FROM revision WHERE seq = 8",
        r"revision 8: is not there, but \d edges",
    ),
    "a version passed over": (
        "UPDATE revision SET version = 3 WHERE seq = 8",
        "record s1: has 2 versions, though they are numbered 1 to 3",
    ),
    "text for a number": (
        "UPDATE revision SET recorded_at = 'yesterday' WHERE seq = 8",
        r"revision 8 \(.*\): holds text where a number belongs",
    ),
    "two swapped": (
        "UPDATE revision SET seq = -1 WHERE seq = 2; UPDATE revision SET seq = 2 WHERE seq = 3;"
        "UPDATE revision SET seq = 3 WHERE seq = -1",
        r"revision 2 \(actor cy version 1\): has not the hash",
    ),
    "one put in before the first": (
        "INSERT INTO revision SELECT 0, record, 99, action, kind, type, status, earliest, latest, document,"
        " recorded_by, recorded_at, hash FROM revision WHERE seq = 3",
        r"revision 0 \(actor cy version 99\): ",
    ),
    "one put in at the end": (
        "INSERT INTO revision SELECT 12, record, 2, action, kind, type, status, earliest, latest, document,"
        " recorded_by, recorded_at, hash FROM revision WHERE seq = 3",
        r"revision 12 \(actor cy version 2\): has not the hash",
    ),
    "another version": (
        "UPDATE revision SET version = 5 WHERE seq = 3",
        r"revision 3 \(actor cy version 5\): is filed under version 5, its document says 1",
    ),
    "another record's": (
        "UPDATE revision SET record = 4, version = 9 WHERE seq = 3",
        r"revision 3 \(actor source version 9\): is filed under id 'source', its document says 'cy'",
    ),
    "another time": (
        "UPDATE revision SET recorded_at = recorded_at + 1 WHERE seq = 8",
        r"revision 8 \(.*\): is filed under recorded_at",
    ),
    "an earlier time": (
        "UPDATE revision SET recorded_at = 5 WHERE seq = 8",
        r"revision 8 \(.*\): was recorded before the revision before it",
    ),
    **{
        f"another {name} of a revision": (
            f"UPDATE revision SET {name} = {value} WHERE seq = 6",  # noqa: S608
            rf"revision 6 \(.*\): is filed under {name} ",
        )
        for name, value in (
            ("kind", 1), ("type", "'speech'"), ("status", "'denied'"), ("earliest", 7), ("latest", 7)
        )
    },
    "another status of a deletion": (
        "UPDATE revision SET status = 'denied' WHERE seq = 11",
        r"revision 11 \(s2 version 2\): is filed under what the version before it was not",
    ),
    **{
        f"{name} {value} in a record": (
            f"UPDATE record SET {name} = {value} WHERE id = 's1'",  # noqa: S608
            f"record s1: {what}",
        )
        for name, value, what in (
            ("kind", 1, "has kind 'actor', its newest revision 'statement'"),
            ("type", "'speech'", "has type 'speech', its newest revision None"),
            ("status", "'denied'", "has status 'denied', its newest revision 'attested'"),
            ("label", "'So be is.'", "is labelled 'So be is.', should be 'So be it.'"),
            ("earliest", 7, "has earliest 7, its newest"),
            ("latest", 7, "has latest 7, its newest"),
            ("revision", 6, "is revision 6, should be revision 8"),
            ("revision", "NULL", "is gone, should be revision 8"),
        )
    },
    "another id of a record": (
        "UPDATE record SET id = 'kate' WHERE id = 'cy'",
        r"revision 3 \(actor kate version 1\): is filed under id 'kate', its document says 'cy'",
    ),
    "a deleted record brought back": (
        "UPDATE record SET revision = 7 WHERE id = 's2'",
        "record s2: is revision 7, should be gone",
    ),
    "a record without a past": (
        "INSERT INTO record SELECT 99, 'x', kind, type, status, label, earliest, latest, revision FROM record"
        " WHERE id = 'cy'",
        "record x: has no revision",
    ),
    "a record removed": (
        "DELETE FROM record WHERE id = 'cy'",
        r"revision 3 \(actor \? version 1\): is filed under id None",
    ),
    **{
        f"{name} {value} in an edge": (
            f"UPDATE edge SET {name} = {value} WHERE revision = 8 AND relation = 1",  # noqa: S608
            rf"revision 8 \(statement s1 version 2\): an edge.*\b{name}\b",
        )
        for name, value in (
            ("stance", -2), ("status", "'denied'"), ("tail", 3), ("head", 4), ("earliest", 7), ("latest", 7),
            ("place", 1), ("attributes", "'{}'"), ("attributes", "'no JSON'"),
        )
    },
    "another relation of an edge": (
        "UPDATE edge SET relation = 2 WHERE revision = 8 AND relation = 1",
        r"revision 8 \(.*\): an edge \(position\) is missing",
    ),
    "an edge filed elsewhere": (
        "UPDATE edge SET record = 3 WHERE revision = 8 AND relation = 1",
        r"revision 8 \(.*\): edge 0 \(position\) is filed under another record",
    ),
    "an edge removed": (
        "DELETE FROM edge WHERE revision = 8 AND relation = 9",
        r"revision 8 \(.*\): an edge \(cites\) is missing",
    ),
    "an edge made up": (
        "INSERT INTO edge SELECT revision, 77, since, until, record, 22, tail, 3, earliest, latest, stance,"
        " status, place, attributes FROM edge WHERE revision = 8 AND relation = 9",
        r"revision 8 \(.*\): an edge \(retracts\) is none that its document states",
    ),
    "the stance of an edge that has ended": (
        "UPDATE edge SET stance = -2 WHERE revision = 6 AND relation = 1",
        r"revision 6 \(statement s1 version 1\): .*stance -2",
    ),
    "an ended edge removed": (
        "DELETE FROM edge WHERE revision = 7 AND relation = 6",
        r"revision 7 \(statement s2 version 1\): .*addressed-to\) is missing",
    ),
    "an edge ended": (
        "UPDATE edge SET until = 11 WHERE revision = 8 AND relation = 9",
        r"revision 8 \(.*\): edge \d \(cites\) was ended by revision 11, its revision is current",
    ),
    "an ended edge that goes on": (
        "UPDATE edge SET until = NULL WHERE revision = 6 AND relation = 1",
        r"revision 6 \(.*\): edge \d \(position\) is current, its revision by 8",
    ),
    "an edge ended too late": (
        "UPDATE edge SET until = 9 WHERE revision = 6 AND relation = 1",
        r"revision 6 \(.*\): edge \d \(position\) was ended by revision 9, its revision by 8",
    ),
    "an edge known too early": (
        "UPDATE edge SET since = 2 WHERE revision = 6 AND relation = 1",
        r"revision 6 \(.*\): edge \d \(position\) is known since revision 2",
    ),
    "a merge moved": (
        "UPDATE edge SET since = 11 WHERE revision = 8 AND since = 10;"
        "UPDATE edge SET until = 11 WHERE revision = 8 AND until = 10",
        r"revision 8 \(.*\): edge \d \(addressed-to\) was re-pointed at revision 11, which is not the merge",
    ),
    "a merge taken back": (
        "DELETE FROM edge WHERE relation = 24",
        r"revision 10 \(actor bob version 2\): edge 0 \(merged-into\) is missing",
    ),
    "a merge into another": (
        "UPDATE edge SET head = 3 WHERE relation = 24",
        r"revision 10 \(actor bob version 2\): .*merged-into",
    ),
    "a search row removed": ("DELETE FROM search WHERE rowid = 3", "record cy: is not in the search index"),
    "other words in search": (
        "DELETE FROM search WHERE rowid = 3; LEARN (3, 'Kate', '', '', 'actor')", OTHER_WORDS,
    ),
    "another kind in search": (
        "DELETE FROM search WHERE rowid = 3; LEARN (3, 'cy', '', '', 'issue')", OTHER_WORDS,
    ),
    "a deleted record in search": (
        "LEARN (7, 'So be it.', '', '', 'statement')", "record s2: is in the search index, but not live",
    ),
    "a stranger in search": (
        "LEARN (70, 'So be it.', '', '', 'statement')", "search index: holds words under 70",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("done", "named"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_named(raw: Raw, done: str, named: str) -> None:
    if raw.server and "yesterday" in done:
        pytest.skip("PostgreSQL takes no text for a number")
    assert raw.change(done) > 0
    lines = found()
    assert any(re.fullmatch(f"{named}.*", line, re.DOTALL) for line in lines), lines


def cut(raw: Raw) -> None:
    """Cut off revision 11, and make everything else as if it had never been."""
    raw.change("DELETE FROM revision WHERE seq = 11; UPDATE edge SET until = NULL WHERE until = 11")
    raw.execute("UPDATE record SET revision = 7 WHERE id = 's2'")
    raw.execute("LEARN (7, 'So be it.', '', '', 'statement')")


def test_a_tail_cut_off_is_detected_by_a_head_kept_elsewhere(raw: Raw) -> None:
    seq, hash = raw.execute("SELECT seq, hash FROM revision ORDER BY seq DESC").fetchone()
    cut(raw)
    assert found() == [], "nothing else tells it"
    assert found(Head(seq, hash)) == [
        "history: ends at revision 10, before the 11 that was noted: its tail was cut off"
    ]


def test_a_history_that_was_written_anew_is_detected_by_a_head_kept_elsewhere(raw: Raw) -> None:
    kept = Head(*raw.execute("SELECT seq, hash FROM revision WHERE seq = 8").fetchone())
    assert found(kept) == []
    previous, rows = bytes(32), raw.execute("SELECT seq, document FROM revision ORDER BY seq").fetchall()
    for seq, document in rows:
        action, author = ("deleted" if seq == 11 else "merged" if seq == 10 else None), "an impostor"
        action = action or ("amended" if seq in (8, 9) else "created")
        previous = revisions.digest(previous, seq, action, author, document)
        raw.execute("UPDATE revision SET recorded_by = ?, hash = ? WHERE seq = ?", (author, previous, seq))
    assert found() == [], "the chain holds"
    assert found(kept) == [
        "revision 8 (statement s1 version 2): is not the one whose hash was noted: the history was rewritten"
    ]


def test_the_hash_is_what_the_readme_says(raw: Raw) -> None:
    rows = raw.execute("SELECT seq, recorded_by, document, hash FROM revision ORDER BY seq").fetchall()
    seq, author, document, hash = rows[3]
    said = orjson.dumps([seq, "created", author])
    assert hash == hashlib.sha256(rows[2][3] + said + document).digest()
