"""``parley import``: a whole file or nothing of it, and every fault by its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from service import questions
from tests.conftest import ACTOR, ISSUE, SOURCE, TRACK, statement
from tests.scripts.conftest import Parley

ANN, PAPER = {**ACTOR, "id": "ann"}, {**SOURCE, "id": "source"}
SAID = statement(id="said")
EVENT = {
    "kind": "event",
    "type": "agree",
    "title": "x",
    "occurred": "2025",
    "sources": [{"source": "source"}],
}


def lines(*documents: dict[str, Any]) -> str:
    return "".join(json.dumps(document) + "\n" for document in documents)


def test_a_good_file_in_any_order(ready: Parley, tmp_path: Path) -> None:
    file = tmp_path / "records.ndjson"
    file.write_text(lines(SAID, ANN, PAPER))
    result = ready("import", str(file))
    assert result.stdout == "3 records created, 0 unchanged\n"
    assert result.stderr == ""
    assert json.loads(questions.record("statement", "said").body)["speaker"] == "ann"


def test_standard_input_and_blank_lines(ready: Parley) -> None:
    assert ready("import", "-", input=f"\n{lines(ANN)}\n\n{lines(PAPER)}").stdout == (
        "2 records created, 0 unchanged\n"
    )


def test_a_database_elsewhere_than_in_the_data_folder(
    parley: Parley, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read is kept in the data folder meanwhile, which nobody has made yet."""
    monkeypatch.setenv("PARLEY_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path / "nowhere"))
    parley("migrate")
    assert parley("import", "-", input=lines(ANN)).stdout == "1 records created, 0 unchanged\n"


def test_nothing_is_something_that_can_be_imported(ready: Parley) -> None:
    assert ready("import", "-", input="").stdout == "0 records created, 0 unchanged\n"


def test_twice_changes_nothing(ready: Parley) -> None:
    ready("import", "-", input=lines(ANN, PAPER, SAID))
    before = questions.state()
    assert ready("import", "-", input=lines(ANN, PAPER, SAID)).stdout == "0 records created, 3 unchanged\n"
    assert questions.state() == before


def test_who_wrote_it_is_in_its_past(ready: Parley) -> None:
    ready("import", "-", input=lines(ANN))
    assert questions.revision("actor", "ann", 1)["recorded_by"] == "parley import"


def test_what_says_something_else_is_a_conflict_and_nothing_is_written(ready: Parley) -> None:
    ready("import", "-", input=lines(ANN))
    before = questions.state()
    result = ready("import", "-", input=lines(PAPER, {**ANN, "name": "Anne"}), status=1)
    assert "'ann' exists and says something else" in result.stderr
    assert result.stdout == ""
    assert questions.state() == before


@pytest.mark.parametrize(
    "line",
    [
        "{not json",
        '["a", "list"]',
        '{"id": "of-no-kind"}',
        '{"kind": "treaty", "id": "of-another-kind"}',
        json.dumps({**EVENT, "figures": [{"label": "dead", "value": float("nan")}]}),
        '{"kind": "actor", "type": "person", "name": "Bob", "name": "Rob"}',
        "[" * 100_000,
        b'{"kind": "actor", "type": "person", "name": "\xff"}',
    ],
    ids=["syntax", "list", "no kind", "kind", "NaN", "name twice", "nesting", "bytes"],
)
def test_a_line_that_is_no_document_is_named_and_nothing_is_written(ready: Parley, line: str | bytes) -> None:
    bad = line if isinstance(line, bytes) else line.encode()
    result = ready("import", "-", input=lines(ANN, PAPER).encode() + bad + b"\n", status=1)
    assert "line 3" in result.stderr
    assert "line 1" not in result.stderr.replace("line 1 column", "")
    assert result.stdout == ""
    assert questions.state() == 0


def test_a_dangling_reference_is_named_by_line_and_place(ready: Parley) -> None:
    result = ready("import", "-", input=lines(ANN, SAID), status=1)
    assert "line 2/sources/0/source: 'source' must be the id of a source" in result.stderr
    assert questions.state() == 0


def test_a_file_of_one_line_is_told_of_in_the_same_way(ready: Parley) -> None:
    assert (
        "line 1/mood: is not a field here"
        in ready("import", "-", input=lines({**ANN, "mood": "good"}), status=1).stderr
    )


def test_every_fault_of_every_line_is_named(ready: Parley) -> None:
    wrong = lines({**ANN, "mood": "good"}, {**PAPER, "published": "May"}, statement(id="x", made="June"))
    said = ready("import", "-", input=wrong, status=1).stderr
    for place in ("line 1/mood", "line 2/published", "line 3/made"):
        assert place in said


def test_a_fault_in_one_line_is_no_fault_of_those_that_refer_to_it(ready: Parley) -> None:
    said = ready("import", "-", input=lines({**ANN, "mood": "good"}, PAPER, SAID), status=1).stderr
    assert "line 1/mood" in said
    assert "line 3" not in said, "ann is there, on line 1: what is wrong with her is told there"


def test_parents_in_a_circle_are_refused(ready: Parley) -> None:
    circle = lines({**TRACK, "id": "one", "parent": "two"}, {**TRACK, "id": "two", "parent": "one"})
    result = ready("import", "-", input=circle, status=1)
    assert "part of" in result.stderr
    assert questions.state() == 0


def test_a_stance_on_an_issue_of_the_same_file(ready: Parley) -> None:
    issue = {**ISSUE, "id": "issue"}
    good = statement(id="good", positions=[{"issue": "issue", "stance": 2}])
    bad = statement(id="bad", positions=[{"issue": "issue", "stance": 3}])
    result = ready("import", "-", input=lines(bad, good, issue, ANN, PAPER), status=1)
    assert "line 1/positions/0/stance: 3 is not on the scale of 'issue'" in result.stderr
    assert "line 2" not in result.stderr


def test_a_document_without_an_id_is_given_one_each_time(ready: Parley) -> None:
    for _ in range(2):
        assert ready("import", "-", input=lines(ACTOR)).stdout == "1 records created, 0 unchanged\n"
    assert questions.state() == 2


def test_every_place_of_one_document_is_named_at_once(ready: Parley) -> None:
    """Unknown field, impossible date, dangling reference, stance off the scale: all of them."""
    issue = {**ISSUE, "id": "issue"}
    positions = [{"issue": "issue", "stance": 3}]
    wrong = statement(mood="grim", made="2025-02-30", positions=positions, sources=[{"source": "letter"}])
    said = ready("import", "-", input=lines(ANN, issue, wrong), status=1).stderr
    places = ("line 3/mood", "line 3/made", "line 3/positions/0/stance", "line 3/sources/0/source")
    assert [place for place in places if place not in said] == []


def test_line_by_line(ready: Parley) -> None:
    """What is not valid is left out, each with its reasons, and the status says that something was."""
    text = lines(ANN, {**PAPER, "published": "May"}, SAID)
    dry = ready("import", "-", "--partial", "--dry-run", input=text, status=1)
    assert dry.stdout == "1 records created, 0 unchanged, 2 lines left out (dry run: nothing was kept)\n"
    assert questions.state() == 0
    done = ready("import", "-", "--partial", input=text, status=1)
    assert done.stdout == "1 records created, 0 unchanged, 2 lines left out\n"
    assert "line 2/published: " in done.stderr
    assert "line 3/sources/0/source: " in done.stderr
    assert questions.state() == 1


@pytest.mark.parametrize("partial", [True, False])
def test_a_file_says_nothing_to_the_terminal(ready: Parley, partial: bool) -> None:
    """A name that is no field is told as it stands in the file, and there may be anything."""
    line = json.dumps({**ACTOR, "kind": "actor", "a\nparley: done": 1, "\x1b]0;mine\x07\x9b2J\u202e": 2})
    said = ready("import", "-", *["--partial"] * partial, input=line, status=1).stderr
    assert all(shown.isprintable() for shown in said.split("\n"))
    assert "line 1/a parley: done: is not a field here" in said


def test_a_report_as_json(ready: Parley) -> None:
    told = json.loads(ready("import", "-", "--json", input=lines(ANN)).stdout)
    assert told == {
        "created": 1, "amended": 0, "unchanged": 0, "refused": 0, "revision": 1, "dry_run": False
    }  # fmt: skip
    again = json.loads(ready("import", "-", "--json", "--partial", input=lines(ANN)).stdout)
    assert again["lines"] == [{"line": 1, "outcome": "unchanged", "id": "ann", "kind": "actor", "version": 1}]


def test_what_was_exported_is_imported_again(ready: Parley, tmp_path: Path) -> None:
    ready("import", "-", input=lines(ANN, PAPER, SAID))
    ready("import", "-", input=lines({**ANN, "name": "Anne", "version": 1}))
    file = tmp_path / "all.ndjson"
    assert ready("export", "records", str(file), "--revisions").stdout == f"{file}\n"
    text = file.read_text()
    assert text == ready("export", "records", "-", "--revisions").stdout
    assert [json.loads(line)["action"] for line in text.splitlines()] == ["created"] * 3 + ["amended"]
    assert "--force" in ready("export", "records", str(file), status=1).stderr
    ready("export", "records", str(file), "--force")
    assert ready("import", str(file)).stdout == "0 records created, 3 unchanged\n"
