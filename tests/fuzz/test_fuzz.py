"""Schemathesis, against a running server: whatever is sent, the answer is one that the description promises.

All checks and all phases (schemathesis.toml says what is not as it comes, and why), with a fixed seed. The
cases that follow from the description alone, and the random ones, in two processes side by side.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Another, Server

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("PARLEY_TEST_EXAMPLES", "8")
"""Random requests to each operation, and random walks along the links. scripts/fuzz asks for more."""
PHASES = ("examples,coverage", "fuzzing,stateful")


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory, another: Another, backend: str) -> Iterator[Server]:
    """A server of its own, with the demo: what is sent there changes it."""
    kept = {"PARLEY_DATABASE_URL": another()} if backend == "postgresql" else {}
    running = Server(tmp_path_factory.mktemp("fuzzed") / "home", PARLEY_SYNCHRONOUS="normal", **kept)
    running.parley("demo")
    yield running.start()
    assert running.stop() == 0


def test_no_request_is_answered_otherwise_than_described(fuzzed: Server, tmp_path: Path) -> None:
    token = fuzzed.parley("token", "create", "--scope", "admin").stdout.strip()
    environ = {
        **os.environ,
        "PARLEY_TEST_TOKEN": token,
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    command = [Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml"]
    command += ["run", f"{fuzzed.url}/openapi.json", "--no-color", "--max-examples", EXAMPLES]
    runs = [
        subprocess.Popen(
            [*command, "--phases", phases],
            cwd=tmp_path,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for phases in PHASES
    ]
    said = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], "\n".join(said)
