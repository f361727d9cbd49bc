"""Preconditions (RFC 9110, section 13): what If-Match and If-None-Match name, and what a read makes of them.

There is no If-Modified-Since, since nothing here has a Last-Modified, and no Range.
"""

import hashlib
import re
from typing import NamedTuple

from flask import Request, Response

from service.diplomacy.changes import ANY
from service.errors import Malformed, PreconditionFailed
from service.web.hooks import current
from service.web.problems import refused

_TAG = re.compile(r'(W/)?"([^"]*)"')
_LIST = re.compile(rf"(?:[ \t]*+(?:{_TAG.pattern})?+[ \t]*+(?:,|\Z))*+")
_VERSION = re.compile("[1-9][0-9]{0,8}")

READS = ("GET", "HEAD")
KEPT = ("Cache-Control", "Content-Location", "Date", "ETag", "Expires", "Vary")
"""What a 304 has of the answer that it stands for (section 15.4.5)."""


class Tags(NamedTuple):
    """The entity tags that a header lists; ``star`` if it is ``*``."""

    star: bool
    strong: frozenset[str]
    weak: frozenset[str]


def tags(header: str) -> Tags | None:
    """What ``header`` of this request names; None if it is not sent. Raises Malformed if that is no list."""
    text = current().headers.get(header)
    if text is None:
        return None
    if text.strip(" \t") == "*":
        return Tags(True, frozenset(), frozenset())
    if not _LIST.fullmatch(text):
        raise Malformed(f'{header} must be * or a list of entity tags, each in double quotes: "1", "2".')
    found = _TAG.findall(text)
    strong = frozenset(tag for mark, tag in found if not mark)
    return Tags(False, strong, frozenset(tag for mark, tag in found if mark))


def replaced() -> frozenset[int] | None:
    """The versions that If-Match lets a write replace; None if it is not sent. Weak tags never match."""
    named = tags("If-Match")
    if named is None:
        return None
    return ANY if named.star else _versions(named.strong)


def spared() -> frozenset[int]:
    """The versions that If-None-Match lets no write touch."""
    named = tags("If-None-Match")
    if named is None:
        return frozenset()
    return ANY if named.star else _versions(named.strong | named.weak)


def _versions(found: frozenset[str]) -> frozenset[int]:
    return frozenset(int(tag) for tag in found if _VERSION.fullmatch(tag))


def held(tag: str) -> bool:
    """Whether the caller has the answer of this tag, so that it will be 304 and need not be made."""
    asked = current()
    if asked.method not in READS or "If-Match" in asked.headers:
        return False
    named = tags("If-None-Match")
    return named is not None and tag in named.strong | named.weak


def settle(asked: Request, response: Response) -> Response:
    """The answer to a read, or 412, or 304, as its preconditions say (section 13.2.2).

    They count only where it would have been 200 (section 13.2.1). What has no ETag is given one by its bytes.
    """
    if asked.method not in READS or response.status_code != 200:
        return response
    if "ETag" not in response.headers:
        if response.is_streamed:
            return response
        response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    if "Cache-Control" not in response.headers:
        response.headers.add("Cache-Control", "no-cache")
    if "HTTP_IF_MATCH" not in asked.environ and "HTTP_IF_NONE_MATCH" not in asked.environ:
        return response
    tag = str(response.get_etag()[0])
    try:
        match, none_match = tags("If-Match"), tags("If-None-Match")
        if match and not match.star and tag not in match.strong:
            raise PreconditionFailed("If-Match does not name the answer that there is now.", tag)
    except (Malformed, PreconditionFailed) as error:
        response.close()
        return refused(error)
    if none_match and (none_match.star or tag in none_match.strong | none_match.weak):
        response.close()
        return _not_modified(response)
    return response


def _not_modified(response: Response) -> Response:
    bare = Response(status=304)
    del bare.headers["Content-Type"]
    for name in KEPT:
        if name in response.headers:
            bare.headers[name] = response.headers[name]
    return bare
