"""Imports go one way only: the contracts in pyproject.toml, and that they bite."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("scripts", "service", "schemas")

# One forbidden import for each contract: where it is written, what it says, which contract it breaks.
TRESPASSES = [
    ("service/diplomacy/trespass.py", "import service.recording", "service"),
    ("service/storage/trespass.py", "import service.diplomacy", "service"),
    ("service/questions.py", "import service.recording", "service"),
    ("service/trespass.py", "", "service"),
    ("service/web/trespass.py", "import scripts", "packages"),
    ("schemas/trespass.py", "import service.errors", "packages"),
    ("service/storage/trespass.py", "import schemas.documents", "schemas"),
    ("service/diplomacy/trespass.py", "from schemas import documents", "schemas"),
    ("schemas/vocabulary.py", "import schemas.documents", "vocabulary"),
    ("schemas/vocabulary.py", "import marshmallow", "vocabulary"),
    ("service/recording/trespass.py", "import flask", "http"),
    ("scripts/trespass.py", "import werkzeug", "http"),
    ("service/questions.py", "import peewee", "database"),
    ("service/web/trespass.py", "import sqlite3", "database"),
    ("service/web/trespass.py", "def later() -> None:\n    import networkx", "web-is-light"),
]


def lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo", *options]
    # The folder given is what is looked at, also where an editable install names another.
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)


def test_imports_go_one_way_only() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts, to be trespassed in."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize(("place", "line", "contract"), TRESPASSES)
def test_a_contract_sees_a_trespass(copy: Path, place: str, line: str, contract: str) -> None:
    module = copy / place
    before = module.read_text() if module.exists() else None
    module.write_text(f"{before or ''}\n{line}\n")
    try:
        result = lint(copy, "--contract", contract)
    finally:
        module.unlink() if before is None else module.write_text(before)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "trespass" in result.stdout or place.removesuffix(".py").replace("/", ".") in result.stdout


def test_every_contract_is_tried() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == {contract for _, _, contract in TRESPASSES}


@pytest.mark.parametrize(
    ("package", "strangers"),
    [
        ("service.diplomacy", {"flask", "peewee", "apsw", "marshmallow", "gunicorn"}),
        ("service.storage", {"flask", "werkzeug", "webargs", "schemas.documents", "schemas.fields"}),
        ("schemas", {"flask", "werkzeug", "peewee", "apsw", "service"}),
    ],
)
def test_what_a_package_really_loads(package: str, strangers: set[str]) -> None:
    """The same at run time, where a package's ``__init__`` counts too: all of it, in a fresh Python."""
    program = (
        "import importlib, pkgutil, sys\n"
        f"package = importlib.import_module({package!r})\n"
        "for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(found.name)\n"
        "print(*sys.modules)\n"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert not strangers & set(result.stdout.split())
