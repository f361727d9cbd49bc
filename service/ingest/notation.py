"""JSON as every reader would understand it, parsed without forgiveness."""

import json
from typing import Any

import orjson

from service.errors import Malformed

DEEPEST = 100
"""Levels of objects and lists: far more than any document has, and few enough for all that reads them."""
_DIGITS_AS_NOUGHTS = bytes.maketrans(b"123456789", b"0" * 9)


def parse(body: bytes) -> Any:
    """The value of a JSON text (RFC 8259).

    Raises Malformed for what readers take differently or not at all: NaN, a number beyond a double, a name
    twice in an object, deep nesting, a byte-order mark, bytes that are not UTF-8, half a surrogate pair.
    """
    value = _quick(body)
    return _judged(body) if value is None else value


def _quick(body: bytes) -> Any:
    """The value, if it is sure without looking at each part of it; else None. A tenth of the time."""
    if body.count(b"[") + body.count(b"{") > DEEPEST or b"\\u003" in body:
        return None
    if b"0" * 19 in body.translate(_DIGITS_AS_NOUGHTS):  # orjson makes floats of integers beyond 64 bits.
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    # One colon a member, and those in texts, of which none is escaped: as many as were read, unless a name
    # stands twice.
    return value if orjson.dumps(value).count(b":") == body.count(b":") else None


def _judged(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
        if text.startswith("\ufeff"):
            raise Malformed("The text begins with a byte-order mark: save it as UTF-8 without one.")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_float)
        _check(value)
    except RecursionError:
        raise Malformed("The text is nested too deeply.") from None
    except UnicodeDecodeError:
        raise Malformed("The text is not UTF-8.") from None
    except UnicodeEncodeError:
        raise Malformed("The text holds half of a surrogate pair.") from None
    except ValueError as error:
        raise Malformed(f"The text is not JSON: {error}") from None
    return value


def _check(value: Any) -> None:
    """Raise UnicodeEncodeError for half a surrogate pair, RecursionError for what is nested too deeply."""
    waiting = [(value, 1)]
    while waiting:
        inner, depth = waiting.pop()
        if isinstance(inner, str):
            inner.encode()
        elif isinstance(inner, dict | list):
            if depth > DEEPEST:
                raise RecursionError
            parts = [*inner, *inner.values()] if isinstance(inner, dict) else inner
            waiting += [(part, depth + 1) for part in parts]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, inner in pairs:
        if name in value:
            raise ValueError(f"{name[:80]!r} stands twice in an object")
        value[name] = inner
    return value


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number in JSON")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]} is too large a number")
    return value
