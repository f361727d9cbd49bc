"""JSON is read the quick way only where it is sure to be what the strict way reads."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Malformed
from service.ingest import notation

NAMES = st.sampled_from(["a", "b", "a:b", "\\u003a", "é", ""])
TEXTS = st.one_of(
    st.sampled_from([":", "::", "a:b", '"', "\\", "\x7f", "\u2028", "😀", "\ud800"]), st.text(max_size=3)
)
NUMBERS = st.one_of(
    st.integers(-9, 9), st.sampled_from([2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**400]), st.floats()
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), TEXTS, NUMBERS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=6,
)


class _Twice(dict[str, Any]):
    """An object that is written with its members twice."""

    def items(self) -> Any:
        return [*super().items(), *super().items()]


def _spoiled(value: Any) -> Any:
    if isinstance(value, dict):
        return _Twice({name: _spoiled(inner) for name, inner in value.items()})
    return value


def judged(body: bytes) -> str:
    try:
        return repr(notation._judged(body))
    except Malformed:
        return "refused"


def check(body: bytes) -> None:
    quick = notation._quick(body)
    assert quick is None or repr(quick) == judged(body)


@given(VALUES, st.booleans(), st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:")]), st.booleans())
def test_what_is_read_quickly_is_what_is_there(
    value: Any, escaped: bool, separators: tuple[str, str], twice: bool
) -> None:
    text = json.dumps(_spoiled(value) if twice else value, ensure_ascii=escaped, separators=separators)
    check(text.encode("utf-8", "surrogatepass"))
    check(text.replace(":", "\\u003a", 1).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b'{"a":"\\u003a","a":1}',
        b'{"a":"\\u003A","a":1}',
        b'{"\\u0061":1,"a":2}',
        b'{"a":{"b":":"},"a":{"b":":"}}',
        b'"\\ude00\\ud83d"',
        b"18446744073709551616",
        b"-9223372036854775809",
        b"NaN",
        b"1e400",
        b"01",
        b"",
        b"\xef\xbb\xbf{}",
        b'"\xff"',
        b"[" * 101 + b"]" * 101,
    ],
)
def test_what_readers_take_differently_is_not_read_quickly(body: bytes) -> None:
    assert notation._quick(body) is None


@pytest.mark.parametrize("body", [b'{"a":"b:c","d":[{"e":1.0}]}\n', b'{"a": "\\u00e9:", "b": -0.0}', b"[[]]"])
def test_what_is_plain_is_read_quickly(body: bytes) -> None:
    assert notation._quick(body) is not None
    check(body)


def test_a_byte_order_mark_is_called_so() -> None:
    with pytest.raises(Malformed, match="begins with a byte-order mark: save it as UTF-8 without one"):
        notation.parse(b'\xef\xbb\xbf{"kind": "actor"}')
