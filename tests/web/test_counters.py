"""What the limits are counted in: exact among processes, whoever comes and goes."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.web import counters
from service.web.counters import Counters
from tests.conftest import ROOT

SECRET = "k" * 40
DAY = 86_400
COUNTING = """
import sys
from pathlib import Path
from service.web.counters import Counters
counters = Counters(Path(sys.argv[1]), sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
last = 0
for _ in range(int(sys.argv[3])):
    now = counters.incr("who", 86_400)
    assert now > last, (now, last)
    last = now
print("done", flush=True)
sys.stdin.readline()
"""


def process(folder: Path, times: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", COUNTING, str(folder), SECRET, str(times)]
    started = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, text=True
    )
    assert line(started) == "ready"
    return started


def line(started: "subprocess.Popen[str]") -> str:
    assert started.stdout is not None
    return started.stdout.readline().strip()


def tell(started: "subprocess.Popen[str]") -> None:
    assert started.stdin is not None
    started.stdin.write("\n")
    started.stdin.flush()


def test_processes_lose_no_count_of_each_other(tmp_path: Path) -> None:
    watching = Counters(tmp_path, SECRET)
    processes = [process(tmp_path, 20_000) for _ in range(3)]
    for started in processes:
        tell(started)  # All at once.
    for started in processes:
        assert line(started) == "done"
    assert watching.get("who") == 60_000
    assert watching.incr("who", DAY) == 60_001
    assert len(list(tmp_path.iterdir())) == 4
    # One dies, the others end: what they counted stays, and the next takes their places.
    processes[0].kill()
    for started in processes[1:]:
        tell(started)
    for started in processes:
        started.communicate()
    assert watching.get("who") == 60_001
    after = Counters(tmp_path, SECRET)
    assert after.incr("who", DAY, 9) == 60_010
    assert watching.get("who") == 60_010
    assert len(list(tmp_path.iterdir())) == 4


def test_a_window_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Counters(tmp_path, SECRET), Counters(tmp_path, SECRET)
    now = 1_766_400_000.0
    monkeypatch.setattr(counters.time, "time", lambda: now)
    assert [one.incr("who", 60), other.incr("who", 60)] == [1, 2]
    end = one.get_expiry("who")
    assert now < end <= now + 60
    assert one.get_expiry("nobody") == now
    ends = {Counters(tmp_path, SECRET).get_expiry(key) for key in map(str, range(50)) if one.incr(key, 60)}
    assert len(ends) > 20, "not all begin again at once"
    now = end - 1
    assert other.incr("who", 60) == 3
    now = end
    assert (one.get("who"), other.get("who")) == (0, 0)
    assert one.incr("who", 60) == 1
    assert other.get_expiry("who") == end + 60


def test_who_sends_many_is_not_forgotten_for_many_who_send_few(tmp_path: Path) -> None:
    held = Counters(tmp_path, SECRET)
    heavy = [f"heavy-{n}" for n in range(20)]
    for who in heavy:
        held.incr(who, DAY, 100)
    for n in range(50_000):
        assert held.incr(f"light-{n}", DAY) == 1
    assert [held.get(who) for who in heavy] == [100] * 20


def test_no_address_can_be_read_from_the_files(tmp_path: Path) -> None:
    Counters(tmp_path, SECRET).incr("address-60s/192.0.2.77", DAY)
    assert b"192.0.2.77" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert all(file.stat().st_mode & 0o077 == 0 for file in tmp_path.iterdir())
    # Nor found out by trying: another secret gives other names.
    assert Counters(tmp_path, "x" * 40).get("address-60s/192.0.2.77") == 0
