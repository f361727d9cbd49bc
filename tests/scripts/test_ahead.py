"""A second process that works ahead of an import changes nothing; whichever dies, nothing is half done."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from scripts import import_, sample
from scripts.ahead import ahead
from service import questions
from service.errors import ParleyError
from service.ingest import ndjson
from tests.conftest import ROOT
from tests.scripts.conftest import Parley

DYING = """
import os, signal
from scripts.ahead import ahead
from tests.scripts.test_ahead import pid

if __name__ == "__main__":
    with ahead() as making:
        print(*making(pid, [0]), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of them, and any file is worth a second process."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(import_, "WORTH_IT", 0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Several batches of documents, of which nothing refers to the last ones."""
    given = tmp_path / "given.ndjson"
    made = sample.made_up(sample.Shape(2_000), 1)
    given.write_text("".join(json.dumps(document) + "\n" for document in made))
    return given


def pid(_: Any) -> int:
    return os.getpid()


def gone(process: int) -> bool:
    """Whether it ends within ten seconds; that somebody takes note of it is another matter."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if ") Z " in Path(f"/proc/{process}/stat").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def test_batches_in_their_order_and_no_process_left() -> None:
    with ahead() as making:
        for many in (0, 1, 2, 5):
            made = making(sorted, ([number, 0] for number in range(1, many + 1)))
            assert [*made] == [[0, number] for number in range(1, many + 1)]
        (child,) = making(pid, [0])
    assert child != os.getpid()
    assert gone(child)


def test_with_one_processor_it_is_done_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    with ahead() as making:
        assert [*making(pid, [0])] == [os.getpid()]


def test_what_is_recorded_is_what_was_given(ready: Parley, file: Path, tmp_path: Path) -> None:
    ready("import", str(file))
    ready("check")
    exported = tmp_path / "exported.ndjson"
    ready("export", "records", str(exported))
    given = {line["id"]: line for line in map(json.loads, file.read_text().splitlines())}
    found = {line["id"]: line for line in map(json.loads, exported.read_text().splitlines())}
    for line in found.values():
        del line["version"], line["recorded_at"]
    assert {id: {**found[id], **line} for id, line in given.items()} == found
    assert ready("import", str(file)).stdout == f"0 records created, {len(given)} unchanged\n"


def test_faults_are_told_by_line(ready: Parley, file: Path) -> None:
    lines = file.read_text().splitlines()
    lines[-3:] = [
        json.dumps({**json.loads(lines[-3]), "made": "yesterday"}),
        "{",
        json.dumps({**json.loads(lines[-1]), "speaker": "nobody"}),
    ]
    file.write_text("\n".join(lines))
    many = len(lines)
    places = f"line {many - 2}/made", f"line {many - 1}", f"line {many}/speaker"
    told = ready("import", str(file), status=1).stderr
    assert [place for place in places if f"{place}: " not in told] == []
    assert questions.state() == 0
    done = ready("import", "--partial", str(file), status=1)
    assert done.stdout == f"{many - 3} records created, 0 unchanged, 3 lines left out\n"
    assert [place for place in places if f"{place}: " not in done.stderr] == []


def test_the_second_process_is_killed(ready: Parley, file: Path) -> None:
    with ahead() as making, file.open("rb") as lines:
        os.kill(*making(pid, [0]), signal.SIGKILL)
        with pytest.raises(ParleyError, match="was ended"):
            ndjson.load(lines, "test", making=making)
    assert questions.state() == 0


def test_the_first_process_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "dying.py"
    script.write_text(DYING)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, script], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert gone(int(done.stdout))
