"""``parley check``: what it prints and how it ends. What it finds: tests/storage/test_damage.py."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from scripts.benchmark import stores
from service.settings import Settings
from service.storage.models import Revision
from tests.conftest import ROOT
from tests.scripts.conftest import Parley

COMMAND = [sys.executable, "-m", "scripts.cli", "check"]


def newest() -> str:
    seq, hash = Revision.select(Revision.seq, Revision.hash).order_by(Revision.seq.desc()).tuples().first()
    return f"{seq}:{bytes(hash).hex()}"


def test_a_sound_store_gives_its_head_and_nothing_else(demo: Settings, parley: Parley) -> None:
    result = parley("check")
    assert (result.stdout, result.stderr) == (f"{newest()}\n", "")
    assert parley("check", "--head", newest()).stdout == f"{newest()}\n"
    assert json.loads(parley("check", "--json").stdout) == {"head": newest(), "findings": []}


def test_an_empty_store_has_a_head_too(ready: Parley) -> None:
    assert ready("check").stdout == f"0:{'0' * 64}\n"
    assert ready("check", "--head", f"0:{'0' * 64}").stdout == f"0:{'0' * 64}\n"


def test_each_finding_is_a_line_and_the_head_the_last(demo: Settings, parley: Parley) -> None:
    Revision.update(recorded_by="nobody").where(Revision.seq.in_([3, 5])).execute()
    *lines, head = parley("check", status=1).stdout.splitlines()
    assert head == newest()
    assert [line.partition(" (")[0] for line in lines] == ["revision 3", "revision 5"]
    answer = json.loads(parley("check", "--json", status=1).stdout)
    assert [f"{one['where']}: {one['what']}" for one in answer["findings"]] == lines
    assert answer["head"] == head


def test_a_head_that_is_none_is_a_wrong_use(ready: Parley) -> None:
    for head in ("", "1", "1:", f"-1:{'0' * 64}", f"1:{'0' * 63}", f"1:{'G' * 64}", f"٣:{'0' * 64}"):
        assert "--head" in ready("check", "--head", head, status=2).stderr


def test_a_head_of_more_than_there_is(demo: Settings, parley: Parley) -> None:
    kept = f"{Revision.select().count() + 1}:{'0' * 64}"
    line, head = parley("check", "--head", kept, status=1).stdout.splitlines()
    assert "its tail was cut off" in line
    assert head == newest()


def test_a_progress_bar_for_who_is_there_to_see_it(demo: Settings) -> None:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(COMMAND, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=theirs, check=True)
    os.close(theirs)
    assert b"Checking" in os.read(ours, 100_000)
    os.close(ours)
    assert done.stdout.decode() == f"{newest()}\n"


def peak(folder: Path, edges: int) -> int:
    """The most memory, in KiB, that a check took of a store of so many edges."""
    environ = stores.environ(folder, edges) | {"PYTHONPATH": str(ROOT)}
    make = [sys.executable, "-m", "scripts.benchmark.stores", stores.EDGES, str(edges)]
    subprocess.run(make, cwd=ROOT, env=environ, check=True, capture_output=True)
    program = (
        "import resource, sys; from scripts.cli import main\ntry: main(['check'])\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return int(done.stderr)


def test_memory_does_not_grow_with_the_store(tmp_path: Path) -> None:
    assert peak(tmp_path, 20_000) - peak(tmp_path, 3_000) < 8 * 1024
