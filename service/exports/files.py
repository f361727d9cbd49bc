"""A file format: what to call it in HTTP, what it is for, and who writes it."""

from typing import Generic, NamedTuple, TypeVar

Write = TypeVar("Write")


class Format(NamedTuple, Generic[Write]):
    """A format that graphs or timelines are written in; ``extension`` is without its dot."""

    media_type: str
    extension: str
    about: str
    write: Write
