"""``parley serve`` and ``./scripts/serve``, from a fresh clone to its end."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.conftest import ROOT, Server

SLOWEST = 300
"""Seconds that a start may take, with an environment to be made over a slow network."""

ANN = {"id": "ann", "type": "person", "name": "Ann"}


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_serve_refuses_a_store_that_is_not_migrated(tmp_path: Path) -> None:
    environ = {**os.environ, "PARLEY_HOME": str(tmp_path), "PARLEY_BIND": free_address()}
    command = [sys.executable, "-m", "scripts.cli", "serve"]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "Run: parley migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_is_taken_is_named_with_the_setting_that_has_it(tmp_path: Path) -> None:
    environ = {**os.environ, "PARLEY_HOME": str(tmp_path)}
    parley = [sys.executable, "-m", "scripts.cli"]
    subprocess.run([*parley, "migrate"], cwd=ROOT, env=environ, check=True, timeout=60)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        environ["PARLEY_BIND"] = bind
        done = subprocess.run(
            [*parley, "serve"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert f"PARLEY_BIND={bind}): set PARLEY_BIND to an address" in done.stderr.splitlines()[-1]


def test_a_setting_of_nothing_but_spaces_counts_as_not_set(tmp_path: Path) -> None:
    """For the server as for every command."""
    server = Server(tmp_path / "home", PARLEY_WORKERS=" ", PARLEY_THREADS=" ")
    server.start()
    assert requests.get(f"{server.url}/readyz", timeout=10).status_code == 200
    assert server.stop() == 0


def test_serve_works_where_the_package_is_installed_and_the_checkout_is_not(tmp_path: Path) -> None:
    """The server's configuration comes with the package."""
    wheel = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            tmp_path,
            ROOT,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert wheel.returncode == 0, wheel.stderr
    (file,) = tmp_path.glob("*.whl")
    shutil.unpack_archive(file, tmp_path / "installed", "zip")
    found = subprocess.run(
        [sys.executable, "-c", "from scripts import serving; print(serving.CONFIGURATION)"],
        cwd=tmp_path / "installed",
        env={"PYTHONPATH": str(tmp_path / "installed"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    configuration = Path(found.stdout.strip())
    assert configuration.is_relative_to(tmp_path / "installed"), "not that of the checkout"
    assert configuration.exists()


# --- ./scripts/serve ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone would hold, in an empty folder."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    folder = tmp_path_factory.mktemp("clone") / "parley"
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.split("\0"):
        if name and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def bare_environ() -> dict[str, str]:
    """The environment without an active virtual environment and without settings; packages come as usual."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PARLEY_", "PYTHON", "PYTEST")) and name != "VIRTUAL_ENV"
    }
    folders = kept["PATH"].split(os.pathsep)
    kept["PATH"] = os.pathsep.join(folder for folder in folders if Path(folder) != Path(sys.prefix) / "bin")
    return kept


@contextmanager
def served(clone: Path, address: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """What ./scripts/serve prints until it serves, and its process."""
    errors = clone.parent / "stderr"
    with errors.open("w") as said:
        process = subprocess.Popen(
            [clone / "scripts" / "serve"],
            cwd=clone.parent,
            env={**bare_environ(), "PARLEY_BIND": address},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    watchdog = threading.Timer(SLOWEST, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith("Try "):
                break
        assert "Try " in printed, errors.read_text()
        for _ in range(200):
            try:
                requests.get(f"http://{address}/livez", timeout=5)
                break
            except requests.ConnectionError:
                assert process.poll() is None, errors.read_text()
                time.sleep(0.05)
        yield printed, process
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_fresh_clone_serves_with_one_command(clone: Path) -> None:
    """Twice, since the second start must find the environment, the store and the token of the first."""
    address = free_address()
    with served(clone, address) as (printed, process):
        (page,) = re.findall(r"^Open +(http://\S+)$", printed, re.M)
        assert page.startswith(f"http://{address}/")
        assert requests.get(page, timeout=10).status_code == 200
        (example,) = re.findall(r"^Try +curl (\S+)$", printed, re.M)
        assert len(requests.get(example, timeout=10).json()["items"]) > 10
        history = requests.get(f"http://{address}/v1/actors/volodymyr-zelenskyy/positions", timeout=10).json()
        assert [entry["issue"] for entry in history["items"]] == ["talks-progress", "ending-the-war"]

        (token,) = re.findall(r"\bparley_\S+", printed)
        actors, headers = f"http://{address}/v1/actors", {"Authorization": f"Bearer {token}"}
        assert requests.post(actors, json=ANN, timeout=10).status_code == 401
        assert requests.post(actors, json=ANN, headers=headers, timeout=10).status_code == 201

        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    with served(clone, address) as (printed, process):
        assert "parley_" not in printed
        assert requests.get(f"{actors}/ann", timeout=10).json()["name"] == "Ann"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    left = {path.name for path in clone.iterdir()} - {path.name for path in ROOT.iterdir()}
    assert left - {".venv", ".venv.lock", ".parley"} == set()
    assert (clone / ".parley" / "parley.db").exists(), "the data lies beside the code, wherever one stands"


def test_the_address_to_open_is_one_whatever_it_listens_on(clone: Path) -> None:
    port = free_address().rpartition(":")[2]
    for bind in (f":{port}", f"0.0.0.0:{port}", f"localhost:{port}"):
        process = subprocess.Popen(
            [clone / "scripts" / "serve"],
            env={**bare_environ(), "PARLEY_BIND": bind},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        watchdog = threading.Timer(SLOWEST, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            said = next(line for line in process.stdout if line.startswith("Open "))
        finally:
            process.terminate()
            process.communicate(timeout=30)
            watchdog.cancel()
        host = "localhost" if bind.startswith("localhost") else "127.0.0.1"
        assert said.split() == ["Open", f"http://{host}:{port}/docs"]
