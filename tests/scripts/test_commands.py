"""Every command: what it prints where, and its exit status."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.cli import COMMANDS
from service import questions
from service.errors import Moved
from service.questions import Paging
from service.settings import TABLE
from service.storage import migrate
from tests.conftest import ROOT
from tests.scripts.conftest import Parley

NEED_A_STORE = (
    ["serve"],
    ["demo"],
    ["token", "create", "--scope", "read"],
    ["token", "list"],
    ["token", "revoke", "1"],
    ["import", "-"],
    ["merge", "actor", "a", "b"],
)


# --- all of them ----------------------------------------------------------------------------------------


def test_help_lists_every_command(parley: Parley) -> None:
    shown = parley("--help").stdout
    for name, (_, about) in COMMANDS.items():
        assert f"  {name} " in shown
        assert about in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_each_has_help_of_its_own(parley: Parley, command: str) -> None:
    assert parley(command, "--help").stdout.startswith(f"Usage: parley {command}")


def test_the_version_is_the_projects(parley: Parley) -> None:
    assert (
        'version = "' + parley("--version").stdout.split()[-1] + '"' in (ROOT / "pyproject.toml").read_text()
    )


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["token"],
        ["token", "create"],
        ["token", "create", "--scope", "owner"],
        ["token", "create", "--scope", "read", "--days", "0"],
        ["token", "revoke"],
        ["token", "revoke", "first"],
        ["token", "revoke", "9" * 20],
        ["webhook", "remove", "9" * 20],
        ["import"],
        ["import", "no-such-file.ndjson"],
        ["merge", "actor", "a"],
        ["merge", "person", "a", "b"],
        ["migrate", "now"],
        ["settings", "--yaml"],
    ],
    ids=" ".join,
)
def test_used_wrongly(parley: Parley, arguments: list[str]) -> None:
    result = parley(*arguments, status=2)
    assert "Usage: parley" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", NEED_A_STORE, ids=" ".join)
def test_a_store_that_is_not_migrated_is_refused(parley: Parley, arguments: list[str]) -> None:
    result = parley(*arguments, status=1, input="")
    assert "Run: parley migrate" in result.stderr
    assert result.stdout == ""


def test_what_is_refused_is_no_traceback_for_a_process_either(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.cli", "token", "list"]
    environ = {"PARLEY_HOME": str(tmp_path), "PATH": ""}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("parley: There is no database at")
    assert len(done.stderr.splitlines()) == 1


def test_what_is_no_text_in_the_locale_is_no_traceback(tmp_path: Path) -> None:
    def run(home: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {"PARLEY_HOME": str(tmp_path / home), "PATH": "", "LC_ALL": "C", "PYTHONUTF8": "0"}
        command = [sys.executable, "-m", "scripts.cli", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

    assert run("home", "migrate").returncode == 0
    for done in (run("Дім", "migrate"), run("home", "merge", "actor", "Україна", "ukraine")):
        assert (done.returncode, done.stdout) == (1, "")
        (said,) = done.stderr.splitlines()
        assert said.endswith("is not UTF-8, or this locale is not: try LC_ALL=C.UTF-8.")


# --- settings -------------------------------------------------------------------------------------------


def test_settings_for_a_program(parley: Parley, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARLEY_WORKERS", "3")
    monkeypatch.setenv("PARLEY_THREADS", "")
    monkeypatch.setenv("PARLEY_SECRET_KEY", "of-nobodys-concern")
    result = parley("settings", "--json")
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert list(rows) == [setting.name for setting in TABLE]
    assert [row["help"] for row in rows.values()] == [setting.help for setting in TABLE]
    assert (rows["PARLEY_WORKERS"]["value"], rows["PARLEY_WORKERS"]["default"]) == ("3", "2")
    assert rows["PARLEY_THREADS"]["value"] == "4"
    url = os.environ.get("PARLEY_DATABASE_URL", f"sqlite:///{tmp_path / 'home' / 'parley.db'}")
    assert rows["PARLEY_DATABASE_URL"]["value"] == url
    assert rows["PARLEY_SECRET_KEY"]["value"] == "(set)"
    assert "of-nobodys-concern" not in result.output


def test_settings_for_a_person_names_each_in_full(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the terminal is narrow: a name that is cut cannot be typed. And what is in brackets."""
    monkeypatch.setenv("PARLEY_BIND", "[fd00::1]:80")
    shown = parley("settings").stdout
    assert [setting.name for setting in TABLE if setting.name not in shown] == []
    assert "[fd00::1]:80" in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARLEY_WORKERS", "many"),
        ("PARLEY_WORKERS", "0"),
        ("PARLEY_WORKERS", "1.5"),
        ("PARLEY_PUBLIC_READ", "maybe"),
        ("PARLEY_BUSY_TIMEOUT", "-1"),
        ("PARLEY_MAX_BODY", "1"),
        ("PARLEY_PAGE_LIMIT", "1001"),
        ("PARLEY_SYNCHRONOUS", "off"),
        ("PARLEY_LIMIT_TOKEN", "many"),
        ("PARLEY_LIMIT_TOKEN", "100/second;50/1 second"),
    ],
)
@pytest.mark.parametrize("command", ["settings", "migrate", "serve"])
def test_a_bad_value_is_refused_by_the_settings_name(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, command: str, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    result = parley(command, status=1)
    assert name in result.stderr
    assert "[" not in result.stderr, "a reason, and no list in Python"
    assert result.stdout == ""


def test_a_database_that_is_none_is_refused(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_DATABASE_URL", "somewhere")
    assert "PARLEY_DATABASE_URL" in parley("migrate", status=1).stderr


def test_a_file_that_is_no_database_is_refused(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear colleague, " * 1000)
    monkeypatch.setenv("PARLEY_DATABASE_URL", f"sqlite:///{letter}")
    assert "file is not a database" in parley("migrate", status=1).stderr
    assert letter.read_text() == "Dear colleague, " * 1000


def test_a_server_that_is_not_there_is_told_by_what_the_system_said(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unheard:  # Bound, and nobody listens.
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
        monkeypatch.setenv("PARLEY_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{port}/parley")
        first, cause = parley("migrate", status=1).stderr.splitlines()
    assert first == "parley: The database does not answer."
    assert f"port {port} failed: Connection refused" in cause


# --- migrate, demo, merge -------------------------------------------------------------------------------


def test_migrate_twice(parley: Parley) -> None:
    first, second = parley("migrate"), parley("migrate")
    assert first.stdout.splitlines()[-1].endswith("applied")
    assert [line.removeprefix("applied ") for line in first.stderr.splitlines()] == sorted(
        file.stem for file in migrate.DIRECTORY.glob("0*.py")
    )
    assert (second.stdout, second.stderr) == ("0 applied\n", "")


def test_migrators_at_once_do_it_once(parley: Parley) -> None:
    command = [sys.executable, "-m", "scripts.cli", "migrate"]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = sorted(process.communicate(timeout=60)[0] for process in started)
    assert [process.returncode for process in started] == [0, 0, 0]
    assert said[:2] == ["0 applied\n", "0 applied\n"]
    assert said[2] != "0 applied\n"


def test_demo_says_what_it_made(ready: Parley) -> None:
    lines = (ROOT / "service" / "ingest" / "demo.ndjson").read_text().count("\n")
    assert ready("demo").stdout.splitlines()[-1] == f"{lines} records created, 0 unchanged"
    assert ready("demo").stdout.splitlines()[-1] == f"0 records created, {lines} unchanged"


def test_demo_if_empty(ready: Parley) -> None:
    ready("demo", "--if-empty")
    before = questions.state()
    assert before > 50
    assert ready("demo", "--if-empty").stdout == ""
    assert questions.state() == before


def test_demo_leaves_a_store_with_other_records_alone_if_asked(ready: Parley) -> None:
    ready("import", "-", input='{"kind": "actor", "id": "ann", "type": "person", "name": "Ann"}\n')
    assert ready("demo", "--if-empty").stdout == ""
    assert questions.state() == 1


def test_merge(ready: Parley) -> None:
    ready("demo")
    ready("import", "-", input='{"kind": "actor", "id": "zelensky", "type": "person", "name": "Zelensky"}\n')
    assert ready("merge", "actor", "zelensky", "volodymyr-zelenskyy").stdout == "volodymyr-zelenskyy\n"
    with pytest.raises(Moved) as moved:
        questions.record("actor", "zelensky")
    assert moved.value.new == "volodymyr-zelenskyy"
    (*_, last) = questions.past("actor", "zelensky", Paging(10)).items
    assert (last["action"], last["recorded_by"]) == ("merged", "parley merge")


@pytest.mark.parametrize(
    ("duplicate", "into", "said"),
    [
        ("nobody", "ukraine", "There is no actor 'nobody'"),
        ("ukraine", "nobody", "There is no actor 'nobody'"),
        ("ukraine", "ukraine", "itself"),
        ("donbas-cession", "ukraine", "There is no actor 'donbas-cession'"),
    ],
)
def test_a_merge_that_cannot_be(ready: Parley, duplicate: str, into: str, said: str) -> None:
    ready("demo")
    before = questions.state()
    result = ready("merge", "actor", duplicate, into, status=1)
    assert said in result.stderr
    assert result.stdout == ""
    assert questions.state() == before
