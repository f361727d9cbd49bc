"""The API description is valid, whole, and true of what the service does."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from schemas.vocabulary import KINDS
from service.ingest import demo as demo_negotiation
from tests.web.samples import FULL, ID, MERGE_PATCH, MINIMAL, PROBLEM, patch, path, record

Described = dict[str, Any]
UNDESCRIBED = {"/", "/docs", "/docs/assets/<name>", "/static/<path:filename>", "/openapi.json"}
UNDESCRIBED |= {"/problems/", "/problems/<name>"}
IN_DEMO = {"actors": "donald-trump", "issues": "donbas-cession", "tracks": "us-led-peace-talks"}


@pytest.fixture
def api(client: FlaskClient) -> Described:
    described: Described = client.get("/openapi.json").json
    return described


def operations(api: Described) -> Iterator[tuple[str, str, Described]]:
    for template, methods in api["paths"].items():
        for method, described in methods.items():
            yield method, template, described


def validator(api: Described, *steps: str) -> Draft202012Validator:
    """Of the schema at a place of the description, where nothing that is not described may stand."""
    strict = copy.deepcopy(api)
    for schema in strict["components"]["schemas"].values():
        schema.setdefault("additionalProperties", False)
    registry: Registry[Any] = Registry().with_resource(
        "urn:api", Resource.from_contents(strict, default_specification=DRAFT202012)
    )
    place = "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)
    return Draft202012Validator(
        {"$ref": f"urn:api#/{place}"},
        registry=registry,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


def check_answer(api: Described, method: str, template: str, status: int, media_type: str, body: Any) -> None:
    """The answer is one that the description of the operation knows, and of the shape it says."""
    described = api["paths"][template][method]["responses"]
    assert str(status) in described, (method, template, status)
    steps = ("paths", template, method, "responses", str(status))
    if "$ref" in described[str(status)]:
        steps = tuple(described[str(status)]["$ref"].removeprefix("#/").split("/"))
    validator(api, *steps, "content", media_type, "schema").validate(body)


def test_it_is_valid_openapi(api: Described) -> None:
    assert api["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(api).iter_errors()) == []
    names = [described["operationId"] for _, _, described in operations(api)]
    assert len(names) == len(set(names))
    tags = {tag["name"] for tag in api["tags"]}
    for _, template, described in operations(api):
        assert described["summary"], template
        assert set(described["tags"]) <= tags
        for parameter in described["parameters"]:
            assert parameter["in"] == "path" or parameter["description"], (template, parameter)


def test_no_sentence_goes_on_as_a_list_or_a_heading(api: Described) -> None:
    # A description is CommonMark: a line that begins with "429." would be the 429th entry of a list.
    described = [api["info"], *api["tags"], *(operation for _, _, operation in operations(api))]
    described += [parameter for _, _, operation in operations(api) for parameter in operation["parameters"]]
    for text in filter(None, (one.get("description") for one in described)):
        assert not re.search(r"^(\s{4}|\s*([-+*>]|#+|=+|\d+[.)])(\s|$))", text, re.MULTILINE), text


def test_every_route_is_described_and_nothing_else(app: Flask, api: Described) -> None:
    routes = {
        (method.lower(), rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.rule not in UNDESCRIBED
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    assert routes == {(method, template) for method, template, _ in operations(api)}


def test_every_parameter_that_is_taken_is_described_and_no_other(world: FlaskClient, api: Described) -> None:
    described = {
        (method, template): {found["name"] for found in operation["parameters"] if found["in"] == "query"}
        for method, template, operation in operations(api)
    }
    # A format that is none is not a wrong parameter, but one that cannot be answered in: 406.
    names = sorted((set().union(*described.values()) | {"q", "kind", "actor", "against", "x"}) - {"format"})
    for (method, template), expected in described.items():
        kind = next((kind for kind in KINDS if f"/{KINDS[kind].plural}/" in template), "actor")
        url = template.replace("{id}", ID[kind]).replace("{version}", "1")
        answer = world.open(url, method=method.upper(), query_string=dict.fromkeys(names, "%"))
        unknown = {
            error["parameter"]
            for error in answer.json["errors"]
            if error["detail"] == "is not a parameter here"
        }
        assert set(names) - unknown == expected - {"format"}, (method, template)
        answer = world.open(url, method=method.upper(), query_string={"format": "json5"})
        assert answer.status_code == (406 if "format" in expected else 422), (method, template)


def test_what_a_webhook_is_sent_is_described(world: FlaskClient, api: Described) -> None:
    described = api["webhooks"]["changes"]["post"]
    (schema,) = described["requestBody"]["content"].values()
    name = schema["schema"]["$ref"].rpartition("/")[2]
    for entry in world.get("/v1/changes").json["items"]:
        message = {"type": f"record.{entry['action']}", "timestamp": entry["recorded_at"], "data": entry}
        validator(api, "components", "schemas", name).validate(message)


def test_preconditions_are_described(api: Described) -> None:
    for method, template, described in operations(api):
        headers = {found["name"] for found in described["parameters"] if found["in"] == "header"}
        expected = {"If-Match", "If-None-Match"} if method != "post" else {"Idempotency-Key"}
        if method == "get" and template.startswith("/v1/"):
            expected.add("Parley-Revision")
        assert headers == expected, (method, template)
        assert ("412" in described["responses"]) == (method != "post"), (method, template)
        assert ("428" in described["responses"]) == (method in ("put", "patch", "delete"))
        assert ("304" in described["responses"]) == (method == "get")


@pytest.mark.parametrize("kind", KINDS)
def test_examples_of_bodies_can_be_sent_as_they_stand(world: FlaskClient, api: Described, kind: str) -> None:
    demo_negotiation.load()
    for method, template in (
        ("post", path(kind)),
        ("put", f"{path(kind)}/{{id}}"),
        ("patch", f"{path(kind)}/{{id}}"),
    ):
        (body,) = api["paths"][template][method]["requestBody"]["content"].items()
        headers = {"Content-Type": body[0], **({"If-Match": '"1"'} if method == "patch" else {})}
        answer = world.open(
            template.replace("{id}", "tried"),
            method=method,
            data=json.dumps(body[1]["example"]),
            headers=headers,
        )
        assert answer.status_code in (200, 201), answer.json


def test_answers_of_the_demo_are_as_described(world: FlaskClient, api: Described) -> None:
    demo_negotiation.load()
    for kind, document in FULL.items():
        record(world, kind, f"full-{kind}", document)
    filled = 0
    for method, template, _ in operations(api):
        if method != "get":
            continue
        plural = template.split("/")[2] if template.startswith("/v1/") else ""
        ids = [""]
        if "{id}" in template:
            ids = [item["id"] for item in world.get(f"/v1/{plural}?limit=1000").json["items"]]
            ids = ids if template.endswith("{id}") else [IN_DEMO.get(plural, ids[0]), ids[-1]]
        for id in ids:
            url = template.replace("{id}", id).replace("{version}", "1")
            query = {"q": "talks"} if template.endswith("/search") else {}
            if template.endswith("positions"):
                query |= {"attributed": "include", "status": "attested,disputed,denied,retracted"}
            answer = world.get(url, query_string=query, buffered=True)
            assert answer.status_code == 200, url
            if answer.json is None:
                continue  # A file, whose own tests read it.
            filled += bool(answer.json.get("items"))
            check_answer(api, method, template, 200, answer.mimetype, answer.json)
            if answer.json.get("next"):
                following = world.get(answer.json["next"])
                check_answer(api, method, template, 200, following.mimetype, following.json)
    assert filled > 20


@pytest.mark.parametrize("kind", KINDS)
def test_writes_and_their_answers_are_as_described(world: FlaskClient, api: Described, kind: str) -> None:
    many, one = path(kind), path(kind, "{id}")
    for method, template in (("post", many), ("put", one)):
        steps = ("paths", template, method, "requestBody", "content", "application/json", "schema")
        request = validator(api, *steps)
        for document in (MINIMAL[kind], FULL[kind]):
            request.validate(document)
            request.validate({**document, "id": "mine", "kind": kind})
            assert not request.is_valid({**document, "surprise": 1})
            assert not request.is_valid({**document, "tags": None})
            for name in MINIMAL[kind]:
                assert not request.is_valid({n: value for n, value in document.items() if n != name})
    for number, document in enumerate((MINIMAL[kind], FULL[kind])):
        answer = world.post(many, json=document)
        check_answer(api, "post", many, 201, answer.mimetype, answer.json)
        for headers in ({}, {"If-Match": "*"}):
            answer = world.put(path(kind, f"mine-{number}"), json=document, headers=headers)
            check_answer(api, "put", one, answer.status_code, answer.mimetype, answer.json)
            # What was read may be sent back.
            request.validate(answer.json)
        answer = patch(world, kind, f"mine-{number}", {"notes": "x"})
        check_answer(api, "patch", one, 200, answer.mimetype, answer.json)
        revisions = world.get(path(kind, f"mine-{number}") + "/revisions")
        check_answer(api, "get", f"{one}/revisions", 200, revisions.mimetype, revisions.json)
        body = api["paths"][one]["patch"]["requestBody"]["content"]
        assert list(body) == [MERGE_PATCH]


@pytest.mark.parametrize("kind", KINDS)
def test_problems_are_as_described(
    world: FlaskClient, client: FlaskClient, api: Described, kind: str
) -> None:
    many, one, url = path(kind), path(kind, "{id}"), path(kind, ID[kind])
    good = MINIMAL[kind]
    answers = [
        ("get", one, world.get(path(kind, "nobody"))),
        ("get", many, world.get(f"{many}?cursor=x")),
        ("get", many, world.get(f"{many}?limit=0&colour=red")),
        ("get", one, world.get(url, headers={"Authorization": "x"})),
        ("post", many, client.post(many, json=good)),
        ("post", many, world.post(many, json={"surprise": 1})),
        ("post", many, world.post(many, json={**good, "id": ID[kind]})),
        ("post", many, world.post(many, data=b"{", content_type="application/json")),
        ("post", many, world.post(many, data=b" " * (1 << 21), content_type="application/json")),
        ("put", one, world.put(url, data=b"x", content_type="text/plain")),
        ("put", one, world.put(url, json=good)),
        ("put", one, world.put(url, json=good, headers={"If-Match": '"9"'})),
        ("patch", one, patch(world, kind, "nobody", {})),
        ("patch", one, patch(world, kind, ID[kind], {"id": "another"})),
        ("patch", one, patch(world, kind, ID[kind], {}, '"9"')),
        ("delete", one, world.delete(url)),
        ("delete", one, world.delete(url, headers={"If-Match": '"9"'})),
        ("delete", one, world.delete(path(kind, "nobody"), headers={"If-Match": "*"})),
        ("get", f"{one}/revisions/{{version}}", world.get(f"{url}/revisions/9")),
    ]
    if kind in ("actor", "source"):
        answers.append(("delete", one, world.delete(url, headers={"If-Match": "*"})))
    for method, template, answer in answers:
        assert answer.mimetype == PROBLEM
        check_answer(api, method, template, answer.status_code, answer.mimetype, answer.json)
