"""Keys in use, and the answers kept for them: one holder among threads and processes, and a bounded table."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.errors import KeyInUse, KeyReused, NotFound
from service.retrying import once
from service.settings import Settings
from service.storage import attempts, models, tokens
from service.storage.attempts import Answer, Attempt
from service.storage.database import writing
from tests.conftest import ROOT

ANSWER = Answer(201, [("Content-Type", "x/y"), ("Via", "one"), ("Via", "two")], b"\x00\xff")
HOLDER = """
import sys
from service import settings
from service.storage import attempts, database
database.connect(settings.load())
with attempts.in_progress(attempts.Attempt(1, "/r", sys.argv[1], b"")):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def attempt(store: Settings) -> Attempt:
    tokens.create("one", "write")
    return Attempt(1, "/r", "k", b"asked")


@pytest.fixture
def other_process(attempt: Attempt) -> Iterator["subprocess.Popen[str]"]:
    """One that holds the attempt's key until it is told, or made, to end."""
    command = [sys.executable, "-c", HOLDER, attempt.key]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def held(attempt: Attempt) -> bool:
    try:
        with attempts.in_progress(attempt):
            return False
    except KeyInUse:
        return True


def test_one_thread_holds_a_key(attempt: Attempt) -> None:
    found: list[bool] = []
    with attempts.in_progress(attempt):
        thread = threading.Thread(target=lambda: found.append(held(attempt)))
        thread.start()
        thread.join()
        assert held(attempt), "also against itself"
        others = (attempt._replace(token=2), attempt._replace(route="/s"), attempt._replace(key="K"))
        assert [held(other) for other in others] == [False] * 3
    assert found == [True]
    assert not held(attempt)


def test_a_key_is_free_again_whatever_happened(attempt: Attempt) -> None:
    with pytest.raises(NotFound), attempts.in_progress(attempt):
        raise NotFound("x")
    assert not held(attempt)


def test_another_process_holds_it(attempt: Attempt, other_process: "subprocess.Popen[str]") -> None:
    assert held(attempt)
    other_process.communicate("")
    assert not held(attempt)


def test_who_dies_holds_nothing(attempt: Attempt, other_process: "subprocess.Popen[str]") -> None:
    other_process.kill()
    other_process.wait()
    # A server has to hear of it first.
    deadline = time.monotonic() + 30
    while held(attempt):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_very_many_keys_are_held_at_once(attempt: Attempt) -> None:
    with ExitStack() as stack:
        for number in range(300):
            stack.enter_context(attempts.in_progress(attempt._replace(key=str(number))))


def test_what_is_kept_comes_back_as_it_was(attempt: Attempt) -> None:
    assert once(attempt, lambda: ANSWER) == (ANSWER, False)
    assert once(attempt, lambda: pytest.fail("done twice")) == (ANSWER, True)
    with pytest.raises(KeyReused):
        once(attempt._replace(request=b"other"), lambda: pytest.fail("done"))


def test_what_is_refused_is_not_kept(attempt: Attempt) -> None:
    def refuse() -> Answer:
        tokens.create("another", "read")
        raise NotFound("x")

    with pytest.raises(NotFound):
        once(attempt, refuse)
    assert [holder.name for holder in tokens.everyone()] == ["one"], "what it wrote before is undone"
    assert once(attempt._replace(request=b"mended"), lambda: ANSWER) == (ANSWER, False)


def aged(by: int) -> None:
    """Let time pass over what is kept: this many seconds."""
    with writing():
        models.Attempt.update(made_at=models.Attempt.made_at - by * 1_000_000).execute()


def test_an_answer_is_kept_for_a_day_and_no_longer(attempt: Attempt) -> None:
    once(attempt, lambda: ANSWER)
    aged(24 * 3600 - 60)
    assert once(attempt, lambda: pytest.fail("done twice"))[1]
    aged(61)
    later = ANSWER._replace(body=b"later")
    assert once(attempt._replace(request=b"another"), lambda: later) == (later, False)


def test_what_is_old_goes_a_few_at_a_time(attempt: Attempt) -> None:
    many, made = attempts.REMOVED_AT_ONCE * 2 + 50, time.time_ns() // 1000 - attempts.KEPT_FOR
    with writing():
        for number in range(many):
            row = {**attempt._asdict(), "key": f"old-{number}", "made_at": made - number}
            models.Attempt.create(**row, status=200, headers="[]", body=b"")
    left = []
    for number in range(4):
        once(attempt._replace(key=f"new-{number}"), lambda: ANSWER)
        left.append(models.Attempt.select().where(models.Attempt.key.startswith("old-")).count())
    assert left == [many - attempts.REMOVED_AT_ONCE, 50, 0, 0]
    assert models.Attempt.select().count() == 4


@pytest.mark.database("sqlite")
def test_the_file_of_keys_lies_beside_the_database(attempt: Attempt) -> None:
    with attempts.in_progress(attempt):
        pass
    file = Path(models.database.database + "-attempts")
    assert (file.stat().st_size, file.stat().st_mode & 0o777) == (0, 0o600)
