"""``parley export graph``: the file that GET /v1/graph gives, whole or not at all."""

import os
import pty
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from scripts import sample
from scripts.cli import main
from service.exports.formats import FORMATS
from service.settings import Settings
from service.storage import database
from tests.conftest import ROOT
from tests.scripts.conftest import Parley

COMMAND = [sys.executable, "-m", "scripts.cli", "export", "graph"]


@pytest.fixture
def here(demo: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with the demo negotiation in the store."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def environ(here: Path, demo: Settings) -> dict[str, str]:
    """What a process of its own needs, to stand in that folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_file_as_over_http(here: Path, parley: Parley, client: FlaskClient, name: str) -> None:
    result = parley("export", "graph", "--format", name)
    file = f"parley-graph.{FORMATS[name].extension}"
    assert (result.stdout, result.stderr) == (f"{file}\n", "")
    assert [found.name for found in here.iterdir()] == [file]
    assert (here / file).read_bytes() == client.get(f"/v1/graph?format={name}").data


@pytest.mark.parametrize(
    "question",
    [
        {"kinds": "actor,issue"},
        {"relations": "position,made", "kinds": "actor,statement,issue"},
        {"actor": "donald-trump", "issue": "donbas-cession"},
        {"track": "us-led-peace-talks"},
        {"from": "2025-12-22", "to": "2025-12-22"},
        {"as_of": "2025-12-22"},
        {"known_at": "2020"},
        {"around": "ukraine", "hops": "2"},
    ],
    ids="&".join,
)
def test_the_same_question_as_over_http(
    here: Path, parley: Parley, client: FlaskClient, question: dict[str, str]
) -> None:
    options = [part for name, value in question.items() for part in (f"--{name.replace('_', '-')}", value)]
    parley("export", "graph", "--format", "csv", "--output", "some.zip", *options)
    answered = client.get("/v1/graph", query_string={**question, "format": "csv"}).data
    whole = client.get("/v1/graph", query_string={"format": "csv"}).data
    assert (here / "some.zip").read_bytes() == answered != whole


def test_standard_output_has_the_file_and_nothing_else(here: Path, client: FlaskClient) -> None:
    result = CliRunner().invoke(main, ["export", "graph", "--output", "-"])
    assert result.exit_code == 0
    assert result.stdout_bytes == client.get("/v1/graph?format=gexf").data
    assert result.stderr == ""
    assert list(here.iterdir()) == []


def test_what_is_there_is_not_written_over_unless_told(here: Path, parley: Parley) -> None:
    (here / "parley-graph.gexf").write_text("mine")
    assert "--force" in parley("export", "graph", status=1).stderr
    assert (here / "parley-graph.gexf").read_text() == "mine"
    assert parley("export", "graph", "--force").stdout == "parley-graph.gexf\n"
    assert (here / "parley-graph.gexf").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("output", "options"),
    [("nowhere/file", ()), ("folder", ()), ("folder", ("--force",)), ("/dev/null", ("--force",))],
)
def test_a_place_that_takes_no_file(
    here: Path, parley: Parley, output: str, options: tuple[str, ...]
) -> None:
    (here / "folder").mkdir()
    said = parley("export", "graph", "--output", output, *options, status=1).stderr
    assert output in said
    assert "--force" not in said, "it would not help"
    assert [found.name for found in here.rglob("*")] == ["folder"]
    assert Path("/dev/null").is_char_device()


def test_a_record_that_is_not_there_is_refused(here: Path, parley: Parley) -> None:
    assert "'nobody'" in parley("export", "graph", "--actor", "nobody", status=1).stderr
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "gml"),
        ("--kinds", "actor,treaty"),
        ("--kinds", ""),
        ("--relations", "merged-into"),
        ("--actor", "No Id"),
        ("--from", "yesterday"),
        ("--known-at", "2025-12-22/.."),
        ("--hops", "4"),
        ("somewhere",),
    ],
    ids=" ".join,
)
def test_used_wrongly(here: Path, parley: Parley, options: tuple[str, ...]) -> None:
    result = parley("export", "graph", *options, status=2)
    assert result.stdout == ""
    assert list(here.iterdir()) == []


def test_a_store_that_is_not_there_is_refused(
    parley: Parley, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "parley migrate" in parley("export", "graph", status=1).stderr
    assert list(tmp_path.iterdir()) == []


def test_it_loads_nothing_that_it_does_not_need(here: Path, environ: dict[str, str]) -> None:
    program = (
        "import sys; from scripts.cli import main\ntry: main(sys.argv[1:])\nfinally: print(*sys.modules)"
    )
    command = [sys.executable, "-c", program, "export", "graph"]
    done = subprocess.run(command, cwd=here, env=environ, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "service.questions.graphs" in loaded
    assert not loaded & {"flask", "werkzeug", "pycountry", "networkx", "rich", "webargs", "edtf"}


def test_a_terminal_is_shown_how_far_it_is(here: Path, environ: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        COMMAND,
        cwd=here,
        env={**environ, "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=True,
    )
    os.close(theirs)
    assert b"Writing" in os.read(ours, 100_000)
    os.close(ours)
    assert done.stdout == b"parley-graph.gexf\n"
    assert len(list(here.iterdir())) == 1


def test_what_fails_halfway_leaves_nothing(store: Settings, tmp_path: Path) -> None:
    """On a full disk, say: here a file may have 100,000 bytes."""
    sample.fill(sample.Shape.of_edges(5_000), 5_000)
    database.disconnect()
    folder = tmp_path / "there"
    folder.mkdir()
    done = subprocess.run(
        COMMAND,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "parley: parley-graph.gexf cannot be written: File too large.\n"
    assert list(folder.iterdir()) == []


TOLD_TO_STOP = """
import os, signal, sys, threading, time

signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

def tell(number=int(sys.argv.pop(1))):
    while not any(os.scandir()):
        time.sleep(0.001)
    os.kill(os.getpid(), number)

threading.Thread(target=tell).start()
from scripts.cli import main
main(prog_name="parley")
"""
"""The command, which tells itself as soon as it has begun a file: another process might come too late. It
heeds what those that run in the background, or under nohup, do not."""


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_what_is_told_to_stop_leaves_nothing(store: Settings, tmp_path: Path, number: int) -> None:
    sample.fill(sample.Shape.of_edges(20_000), 20_000)
    database.disconnect()
    folder = tmp_path / "there"
    folder.mkdir()
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", TOLD_TO_STOP, str(number), *COMMAND[3:]]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == (1 if number == signal.SIGINT else 128 + number)
    assert list(folder.iterdir()) == []


def test_a_disk_behind_standard_output_that_is_full(here: Path, environ: dict[str, str]) -> None:
    with Path("/dev/full").open("wb") as full:
        command, found = [*COMMAND, "--output", "-"], subprocess.PIPE
        done = subprocess.run(
            command, cwd=here, env=environ, stdout=full, stderr=found, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "parley: No space left on device\n")
