"""What every writer does with its rows: joins them into chunks, and renders what repeats only once."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

ROWS = 256
"""Rows to a chunk. A row is 150 to 350 bytes in most formats, so that a chunk is about 64 KiB."""

_REMEMBERED = 4096


def chunks(rows: Iterable[str], between: str = "") -> Iterator[bytes]:
    """The rows, none of them empty, joined and in UTF-8. No more of them are asked for than a chunk holds.

    >>> list(chunks(["1", "2"], ","))
    [b'1,2']
    """
    remaining, before = iter(rows), ""
    while chunk := between.join(islice(remaining, ROWS)):
        yield f"{before}{chunk}".encode()
        before = between


class Memo(dict[_Key, _Value]):
    """What a function made of each key, made once while it is remembered. Never more than some thousands.

    A graph has many edges but few combinations of relation, stance, status and weight, and many equal dates:
    looking one up costs a tenth of rendering it. A subclass of dict, since nothing else is as fast.

    >>> Memo(str.upper)["position"]
    'POSITION'
    """

    def __init__(self, render: Callable[[_Key], _Value]) -> None:
        super().__init__()
        self._render = render

    def __missing__(self, key: _Key) -> _Value:
        if len(self) >= _REMEMBERED:
            self.clear()
        rendered = self[key] = self._render(key)
        return rendered


def number(value: float) -> str:
    """The shortest text that means this finite number. 1 and 1.0 are the same, and 0.0 and -0.0.

    >>> number(1), number(-0.0), number(0.1)
    ('1.0', '0.0', '0.1')
    """
    return repr(float(value) + 0.0)
