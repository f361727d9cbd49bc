"""The README and /openapi.json tell of every setting, command, path and problem there is, and of no other."""

import html
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import click
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from schemas.vocabulary import KINDS
from scripts.cli import COMMANDS, main
from service.questions.networks import RELATIONS
from service.settings import TABLE
from service.web import problems
from tests.conftest import ROOT
from tests.readme import README, SPANS, blocks, code, rows, section

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
TOP = ("v1", "docs", "problems", "openapi", "livez", "readyz", "static")


@pytest.fixture
def openapi(client: FlaskClient) -> dict[str, Any]:
    description: dict[str, Any] = client.get("/openapi.json").json
    return description


# --- settings -------------------------------------------------------------------------------------------


def test_the_settings_are_those_of_the_table() -> None:
    written = [
        (code(name)[0], "".join(code(default)), help) for name, default, help in rows(README, "setting")
    ]
    shown = [
        (s.name, str(s.default).lower() if isinstance(s.default, bool) else str(s.default), s.help)
        for s in TABLE
    ]
    assert written == shown


def test_no_other_setting_is_named() -> None:
    assert set(re.findall(r"PARLEY_[A-Z_]+", README)) == {setting.name for setting in TABLE}


# --- commands -------------------------------------------------------------------------------------------


def leaves(command: click.Command, path: str, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield path, command
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None, f"{path} {name} cannot be loaded"
        yield from leaves(inner, f"{path} {name}", context)


LEAVES = dict(leaves(main, "parley", click.Context(main)))


def test_the_commands_are_those_there_are_with_every_option() -> None:
    written = {code(name)[0]: code(options) for name, options, _ in rows(section("Commands"), "command")}
    real = {
        path: [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
        for path, command in LEAVES.items()
    }
    assert {name: sorted(options) for name, options in written.items()} == {
        name: sorted(options) for name, options in real.items()
    }


def test_no_other_command_is_named() -> None:
    named = re.findall(r"(?<![\w./-])parley ([a-z]+)(?: ([a-z]+))?", " ; ".join([*SPANS, *blocks("sh")]))
    assert len(named) > 10
    groups = {path.split()[1] for path in LEAVES if len(path.split()) == 3}
    for command, sub in named:
        if command == "parley":  # of a container's service, whose command follows
            continue
        assert command in COMMANDS, command
        if command in groups and sub:
            assert f"parley {command} {sub}" in LEAVES


def test_the_exit_statuses_are_given() -> None:
    assert "0 done, 1 refused, 2 used wrongly" in " ".join(section("Commands").split())
    assert "0 done, 1 refused, 2 used wrongly" in " ".join((main.help or "").split())


# --- paths ----------------------------------------------------------------------------------------------


def routes(app: Flask) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        found.setdefault(path, set()).update((rule.methods or set()) & METHODS)
    return found


def test_the_paths_are_those_there_are_with_their_methods(app: Flask) -> None:
    written: dict[str, set[str]] = {}
    for path, methods, _ in rows(section("Paths"), "path"):
        for kind in [kind.plural for kind in KINDS.values()] if "KINDS" in path else [""]:
            for relation in RELATIONS if "RELATION" in path else [""]:
                full = code(path)[0].replace("KINDS", kind).replace("RELATION", relation)
                written[full] = set(methods.split(", "))
    assert written == routes(app)


def test_no_other_path_is_named(app: Flask) -> None:
    adapter = app.url_map.bind("127.0.0.1")
    named = re.findall(r"(?<![\w.])/(?:v1|docs|problems|openapi|livez|readyz|static)[\w/.{}-]*", README)
    named += re.findall(r"\$api(/[^\s\"']+)", README)
    assert len(named) > 40
    for path in set(named):
        full = path if path.startswith(tuple("/" + first for first in TOP)) else f"/v1{path}"
        full = full.split("?")[0].replace("KINDS", "actors").replace("RELATION", "ignore").rstrip(".")
        if full == "/v1":
            continue
        try:
            adapter.match(re.sub(r"\{\w+\}", "1", full), method="GET")
        except MethodNotAllowed:
            pass
        except HTTPException as error:
            pytest.fail(f"{full}: {error}")


def test_the_description_has_every_path_and_method(app: Flask, openapi: dict[str, Any]) -> None:
    described = {
        path: {method.upper() for method in item} & METHODS for path, item in openapi["paths"].items()
    }
    api = {
        path: methods
        for path, methods in routes(app).items()
        if path.startswith(("/v1", "/livez", "/readyz"))
    }
    assert described == api


# --- problems -------------------------------------------------------------------------------------------


def test_the_problem_types_are_those_there_are() -> None:
    written = [(code(type)[0], status, title) for type, status, title, _ in rows(section("Errors"), "type")]
    real = [(f"/problems/{name}", str(kind.status), kind.title) for name, kind in problems.KINDS.items()]
    assert written == real


def test_no_other_problem_type_is_named() -> None:
    assert set(re.findall(r"/problems/([a-z-]+)", README)) <= problems.KINDS.keys()


def test_a_problem_type_is_explained_where_its_type_leads(client: FlaskClient) -> None:
    for name, kind in problems.KINDS.items():
        page = client.get(f"/problems/{name}")
        assert page.status_code == 200
        assert kind.title in html.unescape(page.text)


def test_the_description_has_every_problem_type(openapi: dict[str, Any]) -> None:
    described = {answer["description"] for answer in openapi["components"]["responses"].values()}
    for kind in problems.KINDS.values():
        assert any(text.startswith(kind.title) for text in described)


# --- the changelog --------------------------------------------------------------------------------------


def test_the_changelog_has_an_entry_for_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    entries = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert version in entries
