"""304 and HEAD on a real server: every GET that the description has, in every format, and the pages."""

import http.client
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.conftest import Server
from tests.web.test_openapi import IN_DEMO

KEPT = ("Cache-Control", "Content-Location", "ETag", "Expires", "Vary")
"""What a 304 must have where the 200 has it (RFC 9110, section 15.4.5), beside Date."""
OF_ITS_MOMENT = {"Date", "Expires", "RateLimit", "X-Request-Id"}
OF_THE_CONNECTION = {"Transfer-Encoding", "Connection"}
PAGES = ("/openapi.json", "/docs", "/docs/assets/swagger-ui.css", "/docs/assets/swagger-ui-bundle.js")
PAGES += ("/static/page.css", "/static/icon.svg", "/problems/", "/problems/conflict")
NEEDED = {"/v1/search": "q=talks"}


def addresses(described: dict[str, Any], ids: dict[str, str]) -> Iterator[str]:
    for template, methods in described["paths"].items():
        if "get" not in methods:
            continue
        plural = template.split("/")[2] if template.startswith("/v1/") else ""
        id = IN_DEMO.get(plural) or ids.get(plural, "")
        url = template.replace("{id}", id).replace("{version}", "1")
        found = [p for p in methods["get"]["parameters"] if p["name"] == "format"]
        formats = [f"format={name}" for p in found for name in p["schema"]["enum"]]
        for query in ("", *formats):
            yield "?".join(filter(None, (url, "&".join(filter(None, (NEEDED.get(url, ""), query))))))


@pytest.fixture(scope="module")
def every(server: Server) -> list[str]:
    token = server.parley("token", "create", "--scope", "write", "--name", "unchanged").stdout.split()[-1]
    cited = [{"source": "siversk-strikes-talks-article"}]
    # The demo has a record of every other kind.
    requests.put(
        f"{server.url}/v1/proposals/unchanged",
        json={"title": "A plan", "status": "draft", "clauses": [], "sources": cited},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    ).raise_for_status()
    described = requests.get(f"{server.url}/openapi.json", timeout=30).json()
    plurals = [path.split("/")[2] for path in described["paths"] if re.fullmatch(r"/v1/\w+/{id}", path)]
    listed = {p: requests.get(f"{server.url}/v1/{p}?limit=1", timeout=30).json() for p in plurals}
    ids = {plural: page["items"][0]["id"] for plural, page in listed.items() if page["items"]}
    found = [*addresses(described, ids), *PAGES]
    assert len(found) > 150
    return found


def test_every_get_is_304_to_who_has_it_already(server: Server, every: list[str]) -> None:
    with requests.Session() as session:
        for url in every:
            first = session.get(server.url + url, timeout=30)
            assert first.status_code == 200, url
            tag = first.headers["ETag"]
            assert re.fullmatch(r'"[!#-~]+"', tag), url
            assert "Cache-Control" in first.headers, url
            for tags in (tag, f"W/{tag}", f'"x", {tag}', "*"):
                again = session.get(server.url + url, headers={"If-None-Match": tags}, timeout=30)
                assert (again.status_code, again.content) == (304, b""), (url, tags)
                assert "Date" in again.headers
                assert not {"Content-Type", "Content-Length", "Last-Modified"} & set(again.headers), url
                for name in KEPT:
                    assert (name in again.headers) == (name in first.headers), (url, name)
                    if name not in OF_ITS_MOMENT:
                        assert again.headers.get(name) == first.headers.get(name), (url, name)
            other = session.get(server.url + url, headers={"If-None-Match": '"x"'}, timeout=30)
            assert (other.status_code, other.content) == (200, first.content), url
            refused = session.get(server.url + url, headers={"If-Match": '"x"'}, timeout=30)
            assert (refused.status_code, refused.headers["ETag"]) == (412, tag), url


def test_every_head_is_its_get_without_the_body(server: Server, every: list[str]) -> None:
    with requests.Session() as session:
        for url in (*every, "/", "/v1/actors/nobody", "/v1/actors?colour=red", "/nowhere"):
            for sent in ({}, {"If-None-Match": "*"}, {"If-Match": '"x"'}):
                get, head = (
                    session.request(method, server.url + url, headers=sent, allow_redirects=False, timeout=30)
                    for method in ("GET", "HEAD")
                )
                assert (head.status_code, head.content) == (get.status_code, b""), url
                assert {name for name in get.headers if name not in OF_THE_CONNECTION} == {
                    name for name in head.headers if name not in OF_THE_CONNECTION
                }, url
                for name in set(head.headers) - OF_ITS_MOMENT - OF_THE_CONNECTION:
                    assert head.headers[name] == get.headers[name], (url, name)


def test_a_header_on_several_lines_is_one_list(server: Server) -> None:
    connection = http.client.HTTPConnection(server.address, timeout=30)
    for lines, status in ((('"x"', '"1"'), 304), (('"x"', '"y"'), 200), (("*", "*"), 400)):
        connection.putrequest("GET", "/v1/actors/donald-trump")
        for line in lines:
            connection.putheader("If-None-Match", line)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status, lines
    connection.close()
