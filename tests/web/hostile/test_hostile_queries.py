"""Hostile paths, queries and headers, sent to a real server: each gets the answer that is stated."""

import itertools
import string
from random import Random
from urllib.parse import parse_qs, quote, urlsplit

from tests.web.hostile.sending import Target, refused
from tests.web.samples import MINIMAL
from tests.web.wire import exchange, post, problem

# Every sort of parameter that takes a whole number, or nothing that is not one.
COUNTS = [
    "/v1/actors?limit=",
    "/v1/actors/donald-trump/revisions?limit=",
    "/v1/actors/donald-trump/positions?limit=",
    "/v1/timeline?limit=",
    "/v1/search?q=talks&limit=",
    "/v1/graph?around=steve-witkoff&hops=",
]
NOT_WHOLE = [
    "１２",
    "٣",
    "৩",
    " 5 ",
    "5 ",
    "+5",
    "1_000",
    "1.0",
    "1e1",
    "0x5",
    "true",
    "５",
    "-1",
    "",
    "5\0",
    "²",
]
TOO_LARGE = [2**31, 2**63, 2**64, 10**40, 10**4000]
WRONG_IDS = [
    "a.b", ".", "..", "...", ".git", "a/b", "../talks", "a\\b", "a_b", "A", "-a", "a b", " a", "a\n",
    "a\r\nb", "a\0",
    "é", "e\u0301", "٣", "１", "a%2fb", "a;b", "a:b", "~", "*", "'", '"', "<a>", "a" * 81, "\u202ea", "ａ",
    "İ", "ß",
]  # fmt: skip
LONGEST_LINE = 8_000


def test_what_is_no_whole_number(target: Target) -> None:
    for path in COUNTS:
        for text in (*NOT_WHOLE, *map(str, TOO_LARGE)):
            refused(target.send("GET", path + quote(text)), 422, "invalid")


def test_a_number_with_a_fraction_is_a_number_all_the_same(target: Target) -> None:
    path = "/v1/networks/congruence?min_weight="
    assert target.send("GET", f"{path}1.5").status_code == 200
    for text in (
        "１２",
        "٣",
        " 5 ",
        "1_000",
        "NaN",
        "Infinity",
        "inf",
        "1e400",
        "-inf",
        "true",
        "",
        str(2**63),
    ):
        refused(target.send("GET", path + quote(text)), 422, "invalid")


def test_a_version_that_there_is_not(target: Target) -> None:
    for version in ("0", "-1", "1.0", "1_0", "١", "１", "%201", "1%00", "9" * 9, *TOO_LARGE):
        refused(target.send("GET", f"/v1/actors/donald-trump/revisions/{version}"), 404, "not-found")


def test_an_etag_that_there_is_not(target: Target) -> None:
    for tag in ("1_0", "１", "1.0", "01", "-1", "a", *TOO_LARGE):
        headers = {"If-Match": f'"{tag}"'.encode()}
        answer = target.send("DELETE", "/v1/actors/steve-witkoff", headers=headers)
        refused(answer, 412, "precondition-failed")


def test_an_id_that_is_none(target: Target) -> None:
    for id in WRONG_IDS:
        name, document = quote(id, safe=""), MINIMAL["actor"]
        refused(target.send("GET", f"/v1/actors/{name}"), 404, "not-found")
        for path in ("/v1/actors?organization=", "/v1/graph?around=", "/v1/timeline?actor="):
            refused(target.send("GET", path + name), 422, "invalid")
        answer = target.send("PUT", f"/v1/actors/{name}", json=document)
        assert answer.status_code in (404, 422), "a slash, once decoded, makes it another path"
        for member in ({"id": id}, {"memberships": [{"organization": id}]}):
            refused(target.send("POST", "/v1/actors", json={**document, **member}), 422, "invalid")


def test_an_id_that_is_a_large_number(target: Target) -> None:
    for id in (2**63, 2**64, 10**79):
        refused(target.send("GET", f"/v1/actors/{id}"), 404, "not-found")
        refused(target.send("GET", f"/v1/graph?around={id}"), 404, "not-found")
        assert target.send("GET", f"/v1/actors?organization={id}").json()["items"] == []


def test_ten_thousand_parameters(target: Target) -> None:
    query = "&".join(f"p{number}=1" for number in range(10_000))
    answer = exchange(target.server, f"GET /v1/actors?{query} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    problem(answer, 414, "malformed")
    # As many as a request line can have, of one name and of many.
    for query in ("&" * LONGEST_LINE, "a=&" * (LONGEST_LINE // 3), "&".join(map(str, range(1_500)))):
        answer = exchange(target.server, f"GET /v1/actors?{query} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert answer.status == (200 if set(query) == {"&"} else 422)


def test_64_kilobytes_of_headers(target: Target) -> None:
    for headers in (
        f"X-A: {'x' * 65_536}\r\n",
        "".join(f"X-{number}: {'x' * 1_000}\r\n" for number in range(65)),
        "".join(f"X-{number}: 1\r\n" for number in range(6_000)),
        "X-A: 1\r\n" * 8_000,
        f"X-{'a' * 65_536}: 1\r\n",
        f"Authorization: Bearer {'x' * 65_536}\r\n",
        "If-None-Match: " + '"1", ' * 12_000 + "\r\n",
    ):
        answer = exchange(target.server, f"GET /v1/actors HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode())
        assert 400 <= answer.status < 500
        problem(answer, answer.status, "malformed")


def mutations(cursor: str, many: int) -> set[str]:
    """Cursors that are nearly ``cursor``: a place changed, taken away, added, swapped, doubled."""
    random, found = Random(4), set[str]()  # noqa: S311
    letters = string.ascii_letters + string.digits + "-_.=+/ ٣é\0"
    while len(found) < many:
        place, letter = random.randrange(len(cursor)), random.choice(letters)
        found.add(
            random.choice(
                (
                    cursor[:place] + letter + cursor[place + 1 :],
                    cursor[:place] + cursor[place + 1 :],
                    cursor[:place] + letter + cursor[place:],
                    cursor[place:] + cursor[:place],
                    cursor[: place + 1],
                    cursor[: place + 1] + cursor[place:],
                )
            )
        )
        found.discard(cursor)
    return found


def test_a_thousand_mutations_of_a_cursor(target: Target) -> None:
    following = target.send("GET", "/v1/actors?limit=2").json()["next"]
    cursor = parse_qs(urlsplit(following).query)["cursor"][0]
    assert target.send("GET", f"/v1/actors?limit=2&cursor={cursor}").status_code == 200
    # The last letter has bits that say nothing: all its spellings, too.
    last = {cursor[:-1] + letter for letter in string.ascii_letters + string.digits + "-_"} - {cursor}
    tampered = mutations(cursor, 1_000) | last
    for wrong in sorted(tampered):
        refused(target.send("GET", f"/v1/actors?limit=2&cursor={quote(wrong)}"), 400, "malformed")


# What the README has under "Dates".
NO_DATES = ["10000", "10000-01-01", "2025-12-21T24:00:00Z", "2025-12-21T23:59:60Z", "2025-12-21T23:60:00Z",
            "9999-12-31T23:59:59-12:00", "2025-12-21T10:00:00+24:00", "00000", "-00001", "Y9999", "-0000",
            "２０２５", "2025-12-21\0", "Y99999999999999999999", "-10000"]  # fmt: skip
DATES = ["0000", "0000-01-01", "-0001", "-0044-03-15", "Y10000", "Y-12345", "9999-12-31T23:59:59Z", "9999"]


def test_dates_at_the_ends_of_time(target: Target) -> None:
    for parameter in ("from", "to", "as_of"):
        for text in NO_DATES:
            refused(target.send("GET", f"/v1/timeline?{parameter}={quote(text)}"), 422, "invalid")
        for text in DATES:
            assert target.send("GET", f"/v1/timeline?{parameter}={quote(text)}").status_code == 200, text
    for text in NO_DATES:
        refused(target.send("POST", "/v1/talks", json={**MINIMAL["talk"], "held": text}), 422, "invalid")


def test_wildcards_in_search_are_literal(target: Target) -> None:
    assert target.send("GET", "/v1/search?q=trump").json()["items"]
    for text in (
        "%",
        "_",
        "\\",
        "%%",
        "tr%mp",
        "tr_mp",
        "t\\rump",
        "tru%",
        "_rump",
        "%rump",
        "trum_",
        "[t]rump",
        "?",
    ):
        answer = target.send("GET", f"/v1/search?q={quote(text)}")
        assert (answer.status_code, answer.json()["items"]) == (200, []), text


def test_random_texts_searched_for(target: Target) -> None:
    random = Random(7)  # noqa: S311
    for _ in range(500):
        beyond = random.choice((0x80, 0x3000, 0x110000))
        points = [random.randrange(beyond) for _ in range(random.randint(1, 40))]
        text = "".join(map(chr, points)).encode("utf-8", "surrogatepass")
        assert target.send("GET", f"/v1/search?q={quote(text)}").status_code == 200, text


BREAKS = [
    "%0d%0aX-Injected:%201",
    "%0aX-Injected:1",
    "%0d",
    "%E5%98%8A%E5%98%8DX-Injected:1",
    "%c0%8dX-Injected",
]
REACHING = [
    "/v1/actors?limit=1&type={}",
    "/v1/actors?limit=1&{}=1",
    "/v1/actors/{}",
    "/v1/actors/steve-witkoff?{}",
    "/v1/tracks/{}/timeline?format=ics",
    "/v1/tracks/us-led-peace-talks/timeline?format=ics&{}",
    "/v1/timeline?format={}",
    "/v1/search?limit=1&q=talks{}",
    "/v1/graph?format=dot&around={}",
    "/v1/networks/{}",
    "/problems/{}",
    "/static/{}",
    "/docs/assets/{}",
    "/docs?{}",
    "/?{}",
    "/{}",
]


def test_line_breaks_reach_no_header(target: Target) -> None:
    for path, breaks in itertools.product(REACHING, BREAKS):
        line = f"GET {path.format(breaks)} HTTP/1.1\r\nHost: {target.server.address}\r\n\r\n"
        answer = exchange(target.server, line.encode())
        assert answer.status < 500
        assert "x-injected" not in answer.headers
        assert not any("\r" in value or "\n" in value for value in answer.headers.values())


def test_line_breaks_in_a_document_reach_no_header(target: Target) -> None:
    for id in ("a\r\nX-Injected: 1", "a\nb", "a\rb", "\u560d\u560a"):
        answer = target.send("POST", "/v1/actors", json={**MINIMAL["actor"], "id": id})
        refused(answer, 422, "invalid")
        assert "X-Injected" not in answer.headers


def test_headers_that_are_none(target: Target) -> None:
    for line in (
        "Host: a\nX: 1",
        "Host: a\r\nX-A\r\n",
        "Host: a\r\n X-A: folded",
        "Host: a\r\nX-A : 1",
        "Host: a\r\nX-\0: 1",
        "Host: a\r\nX-A: a\0b",
        "Host: a\r\nContent-Length: ١",
        "Host: a\r\nContent-Length: +5",
        "Host: a\r\nContent-Length: 1_0",
        "Host: a\r\nContent-Length: 5\r\nContent-Length: 6",
        "Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        "Host: a\r\nTransfer-Encoding: xchunked",
    ):
        answer = exchange(
            target.server, f"GET /v1/actors HTTP/1.1\r\n{line}\r\n\r\n".encode(), then_close=True
        )
        assert 400 <= answer.status < 500 or answer.status == 501, line
    for value in ("Bearer \x80", "Bearer é", "Basic ", "Bearer", "Bearer  a b", "\t", "Bearer ١"):
        sent = post(target.server, "x").replace(b"Bearer x", value.encode("latin-1", "ignore"))
        problem(exchange(target.server, sent), 401, "unauthenticated")
