"""The README's examples are run as a reader would run them, and answer what it shows."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from service.diplomacy.dates import InvalidDate, bounds, rendered
from tests.conftest import ROOT, Server

README = (ROOT / "README.md").read_text()
SHOWN_ADDRESS, SHOWN_TOKEN = "127.0.0.1:8000", "parley_THE-ONE-THAT-WAS-PRINTED"
END = "\x1e"

# What is another at each run. All else has to be as it is shown.
VOLATILE = {
    "<instant>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "<hash>": r"\b[0-9a-f]{64}\b",
    "cursor=<cursor>": r"cursor=[\w.-]+",
}


class Example(NamedTuple):
    """A command, and what the README shows below it; a line of ``...`` stands for any lines."""

    command: str
    shown: str


def examples() -> list[Example]:
    found: list[Example] = []
    for block in re.findall(r"^```console\n(.*?)^```$", README, re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = part.splitlines(keepends=True)
            more = next((i for i, line in enumerate(lines[1:], 1) if not line.startswith("> ")), len(lines))
            command = lines[0] + "".join(line.removeprefix("> ") for line in lines[1:more])
            found.append(Example(command, "".join(lines[more:])))
    return found


EXAMPLES = examples()


def steadied(text: str) -> str:
    for name, pattern in VOLATILE.items():
        text = re.sub(pattern, name, text)
    return text


def as_pattern(shown: str) -> str:
    lines = steadied(shown).splitlines()
    return "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in lines)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """What each example prints, all of them run in one shell, in order, on a server just started."""
    server = Server(tmp_path_factory.mktemp("tour") / "home")
    server.parley("demo")
    token = server.parley("token", "create", "--scope", "write", "--name", "first-run").stdout.strip()
    script = "".join(f"{example.command}printf '{END}'\n" for example in EXAMPLES)
    script = script.replace(SHOWN_ADDRESS, server.address).replace(SHOWN_TOKEN, token)
    server.start()
    try:
        command = ["bash", "--norc", "-c", script]
        ran = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120
        )
        yield ran.stdout.replace(server.address, SHOWN_ADDRESS).split(END)[:-1]
    finally:
        assert server.stop() == 0


def test_the_tour_is_there() -> None:
    assert len(EXAMPLES) >= 20
    shown = "".join(example.shown for example in EXAMPLES)
    assert shown.count("/problems/") >= 2
    commands = "".join(example.command for example in EXAMPLES)
    for asked in ("known_at=", "as_of=", "statements?talk=", "If-Match", "revisions", "attributed=only"):
        assert asked in commands


def test_no_example_escapes_being_run() -> None:
    """Whatever uses curl or shows a prompt stands in a block that is run."""
    others = [
        fence for fence in re.findall(r"^```(\w*)$", README, re.M) if fence not in ("", "console", "sh")
    ]
    assert others == []
    blocks = re.findall(r"^```(?:sh)\n(.*?)^```$", README, re.M | re.S)
    assert not any("curl" in block or block.startswith("$ ") for block in blocks)


@pytest.mark.parametrize(
    "number", range(len(EXAMPLES)), ids=lambda number: EXAMPLES[number].command[:60].strip()
)
def test_the_example_answers_what_the_readme_shows(answers: list[str], number: int) -> None:
    assert len(answers) == len(EXAMPLES)
    answered = steadied(answers[number])
    assert re.fullmatch(as_pattern(EXAMPLES[number].shown), answered), answered


def date_rows() -> list[list[str]]:
    section = README.split("## Dates", 1)[1].split("\n## ", 1)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line
    ]
    return rows[2:]


@pytest.mark.parametrize("row", date_rows(), ids=lambda row: row[0])
def test_a_date_has_the_bounds_that_the_readme_gives(row: list[str]) -> None:
    written, _, earliest, latest = row
    expected = tuple(None if bound == "null" else bound for bound in (earliest, latest))
    for text in re.findall(r"`([^`]+)`", written):
        assert rendered(bounds(text)) == expected


def test_what_the_readme_calls_no_date_is_refused() -> None:
    said = README.split("Anything else is a 422", 1)[1].split("\n\n", 1)[0]
    refused = re.findall(r"`([^`]+)`", said)
    assert len(refused) >= 6
    for text in refused:
        with pytest.raises(InvalidDate):
            bounds(text)


def test_the_readme_names_files_that_are_there() -> None:
    mentioned = re.findall(r"`((?:\./)?(?:docker|schemas|scripts|service|tests)/[\w./-]*)`", README)
    assert len(mentioned) >= 10
    assert [name for name in mentioned if not (ROOT / Path(name)).exists()] == []
