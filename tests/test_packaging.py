"""What is handed to others: the locks, the two commands, the image, the shape of the tree."""

import ast
import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from gunicorn.config import Config

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME, TOOLS = ROOT / "docker" / "requirements.txt", ROOT / "tests" / "requirements.txt"
COMMANDS = [
    ROOT / name
    for name in (
        "scripts/serve",
        "scripts/test",
        "scripts/lock",
        "scripts/cluster",
        "scripts/kills",
        "scripts/backups",
        ".ci/run",
        "docker/postgres.sh",
        "docker/database.sh",
    )
]
FILES = {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"}
PACKAGES = ("schemas", "scripts", "service")
FOLDERS = {*PACKAGES, "docker", "tests"}
TRACES = ("://", "file:", "--index", "--extra-index", "--find-links", "--trusted-host", " @ ", "# via")


def requirements(lock: Path) -> Iterator[str]:
    """Each requirement of a lock as one line, its continuations joined."""
    text = lock.read_text().replace("\\\n", " ")
    return (line for line in text.splitlines() if line.strip() and not line.startswith("#"))


def pins(lock: Path) -> dict[str, str]:
    """Package → version, names as PyPI normalises them."""
    matches = (re.match(r"([A-Za-z0-9._-]+)==(\S+)", line) for line in requirements(lock))
    return {normal(match[1]): match[2] for match in matches if match}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def named(specifiers: list[str]) -> set[str]:
    return {normal(re.split(r"[<>=!~;\[ ]", specifier, maxsplit=1)[0]) for specifier in specifiers}


def files() -> list[str]:
    """Every file of the project that git tracks or would: paths from the top."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]


@pytest.mark.parametrize("lock", [RUNTIME, TOOLS], ids=["runtime", "tools"])
def test_a_lock_pins_and_hashes_every_requirement(lock: Path) -> None:
    found = list(requirements(lock))
    assert len(found) > 20
    for line in found:
        assert re.match(r"[a-z0-9._-]+==[\w.+!]+( ; [^;]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*$", line), line


@pytest.mark.parametrize("lock", [RUNTIME, TOOLS], ids=["runtime", "tools"])
def test_a_lock_says_nothing_of_the_machine_that_made_it(lock: Path) -> None:
    text = lock.read_text()
    assert [trace for trace in TRACES if trace in text] == []
    assert not any("/" in line for line in requirements(lock)), "a path"


def test_the_tools_lock_is_the_runtime_lock_and_more() -> None:
    runtime, tools = pins(RUNTIME), pins(TOOLS)
    assert runtime.items() <= tools.items()
    assert len(tools) > len(runtime)


def test_the_locks_hold_what_the_project_asks_for() -> None:
    groups = PROJECT["dependency-groups"]
    assert named(PROJECT["project"]["dependencies"]) | named(groups["build"]) <= pins(RUNTIME).keys()
    assert named(groups["dev"]) <= pins(TOOLS).keys()
    assert not named(groups["dev"]) & pins(RUNTIME).keys(), "a tool would be installed with the service"


def test_what_the_code_imports_is_asked_for_by_name() -> None:
    """Not merely there because another package needs it."""
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    nodes = [node for path in modules for node in ast.walk(ast.parse(path.read_text()))]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    strangers = {name.split(".")[0] for name in imported} - set(sys.stdlib_module_names) - set(PACKAGES)
    providers = packages_distributions()
    unasked = {
        name
        for name in strangers
        if not {normal(provider) for provider in providers.get(name, [])}
        & named(PROJECT["project"]["dependencies"])
    }
    assert unasked == set()


def test_the_build_backend_is_the_one_in_the_locks() -> None:
    (backend,) = PROJECT["build-system"]["requires"]
    assert PROJECT["dependency-groups"]["build"] == [backend]
    name, version = backend.split("==")
    assert pins(RUNTIME)[name] == version


def test_the_console_command_is_named_as_the_documents_say() -> None:
    assert PROJECT["project"]["scripts"] == {"parley": "scripts.cli:main"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda path: path.name)
def test_a_command_is_executable_bash(command: Path) -> None:
    assert command.stat().st_mode & stat.S_IXUSR
    lines = command.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines


@pytest.mark.parametrize("script", [*COMMANDS, ROOT / "scripts" / "environment"], ids=lambda path: path.name)
def test_a_script_is_bash_that_parses(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.parametrize("command", ["serve", "test"])
def test_a_command_says_so_when_there_is_no_python(command: str, tmp_path: Path) -> None:
    for tool in ("bash", "dirname"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    old = tmp_path / "python3"
    old.write_text("#!/usr/bin/env bash\nexit 1\n")
    old.chmod(0o755)
    result = subprocess.run(
        [tmp_path / "bash", ROOT / "scripts" / command],
        env={"PATH": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "needs Python 3.11 or newer" in result.stderr
    assert result.stdout == ""


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest) pairs, its continuations joined and comments dropped."""
    text = (ROOT / "docker" / "Dockerfile").read_text()
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    pairs = (line.split(maxsplit=1) for line in lines.splitlines() if line.strip())
    return [(word.upper(), rest) for word, rest in pairs]


def test_the_image_is_pinned_and_runs_as_nobody_in_particular() -> None:
    steps = instructions()
    bases = [rest for word, rest in steps if word == "FROM"]
    assert len(bases) == 2
    pinned = re.compile(r"python:3\.11\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?( AS \w+)?$")
    assert all(pinned.match(base) for base in bases)
    final = steps[max(i for i, (word, _) in enumerate(steps) if word == "FROM") :]
    (user,) = [rest for word, rest in final if word == "USER"]
    assert int(user.split(":")[0]) >= 10000
    assert {"HEALTHCHECK", "VOLUME", "EXPOSE", "CMD"} <= {word for word, _ in final}
    assert not any(word == "ADD" for word, _ in steps)


def test_the_image_installs_nothing_that_no_hash_covers() -> None:
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert installs
    for line in installs:
        assert "--require-hashes" in line or ("--no-deps" in line and "--no-build-isolation" in line)


def test_the_image_copies_only_what_exists() -> None:
    for word, rest in instructions():
        if word == "COPY" and "--from" not in rest:
            *sources, _ = rest.split()
            assert all((ROOT / source).exists() for source in sources), rest


def gunicorn_settings() -> dict[str, Any]:
    found = runpy.run_path(str(ROOT / "docker" / "gunicorn.conf.py"))
    return {name: value for name, value in found.items() if name.islower() and not name.startswith("_")}


def test_gunicorn_knows_every_setting_and_takes_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PARLEY_")]:
        monkeypatch.delenv(name)
    settings = gunicorn_settings()
    settings.pop("os")
    config = Config()
    for name, value in settings.items():
        assert name in config.settings, f"gunicorn would pass over {name} without a word"
        config.set(name, value)
    assert config.address == [("127.0.0.1", 8000)]
    assert (config.workers, config.threads) == (2, 4)
    assert config.control_socket_disable is True
    assert config.preload_app is False


def test_gunicorn_listens_where_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_BIND", "127.0.0.1:9999")
    monkeypatch.setenv("PARLEY_WORKERS", "3")
    monkeypatch.setenv("PARLEY_THREADS", "")
    settings = gunicorn_settings()
    assert (settings["bind"], settings["workers"], settings["threads"]) == ("127.0.0.1:9999", 3, 4)


def test_the_top_level_holds_what_the_design_names_and_nothing_else() -> None:
    visible = {name.split("/")[0] for name in files() if not name.startswith(".")}
    assert visible == FILES | FOLDERS


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    modules = [name for name in files() if name.endswith(".py")]
    assert modules
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name in modules}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    assert [name for name in files() if re.search(r"(^|/)(utils?|helpers?|misc|common)(\.py|/)", name)] == []


def test_no_file_names_the_machine_it_was_written_on() -> None:
    mark = re.compile(rb"(?<![\w.])/(root|home/\w+|work)/")
    assert [name for name in files() if mark.search((ROOT / name).read_bytes())] == []
