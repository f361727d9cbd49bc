"""The kinds of value that commands take: what they refuse is a wrong use, not a refusal (exit status 2)."""

import re
from typing import Any, Literal

import click

from schemas.vocabulary import ID_PATTERN
from service.diplomacy import dates

NUMBER = click.IntRange(max=2**31 - 1)
"""That of a token or a webhook: no column of a database takes a greater one."""


class Words(click.ParamType[Any]):
    """Words of a list, separated by commas; each once, in the order given."""

    name = "words"

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        given = tuple(dict.fromkeys(value.split(",")))
        if strangers := [word for word in given if word not in self.allowed]:
            self.fail(f"{strangers[0]!r} is not one of: {', '.join(self.allowed)}", param, ctx)
        return given


class Id(click.ParamType[Any]):
    """The id of a record."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not re.fullmatch(ID_PATTERN, value):
            self.fail(f"{value!r} is not an id: 1 to 80 of a-z, 0-9 and -, not beginning with -", param, ctx)
        return value


class Moment(click.ParamType[Any]):
    """A date as an int: its first or last second since 1970, or the last microsecond."""

    name = "date"

    def __init__(self, bound: Literal["earliest", "latest", "microsecond"]) -> None:
        self.bound = bound

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            if self.bound == "microsecond":
                return dates.last_moment(value)
            return getattr(dates.bounds(value), self.bound)
        except dates.InvalidDate as error:
            self.fail(str(error), param, ctx)
