"""The kinds of value that documents hold, each strict: no coercion, no control characters, NFC text.

``plain``, where a kind has it, says whether a value is surely one that ``deserialize`` gives back as it is;
it costs far less. ``schemas.plain`` asks it.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

import pycountry
from marshmallow import ValidationError, fields, validate

from schemas.vocabulary import ID_PATTERN

LONGEST_TEXT = 100_000
LONGEST_LINE = 500
LONGEST_LIST = 1_000
MOST_MARKS = 100
"""Accents and other marks that follow each other, on one letter. Unicode's Stream-Safe Text Format has 30
(UAX #15, section 12), and what is written to look odd has some 50. To put them in their order, as NFC does,
takes time that grows with the square of how many there are: of what a body may hold minutes, in which the
whole process does nothing else."""
LARGEST_INTEGER = 2**53 - 1
"""Integers beyond this are not exact in JavaScript (RFC 8259, section 6)."""

_CONTROLS = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff"
_CONTROLS_AND_BREAKS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff"
# No mark is a letter or a space. Few texts have so long a run of what is neither, and only that is looked at.
_RUNS = re.compile(rf"[^\w\s]{{{MOST_MARKS + 1},}}")


def _described(kwargs: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """``kwargs`` of a field, with what the API description says of every field of its class."""
    return {**kwargs, "metadata": {**metadata, **kwargs.get("metadata", {})}}


def _piled(text: str) -> bool:
    """Whether more than ``MOST_MARKS`` marks follow each other."""
    for run in _RUNS.finditer(text):
        marks = 0
        for char in run[0]:
            marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
            if marks > MOST_MARKS:
                return True
    return False


class Text(fields.String):
    """Text in NFC, not blank, without characters that XML 1.0 (section 2.2) forbids or discourages."""

    default_error_messages = {
        "blank": "must not be blank",
        "long": "must be at most {longest} characters, is {length}",
        "marks": "must not have more than {most} marks on one letter",
        "control": "must not hold the control character U+{code:04X}",
        "invalid": "must be a string",
    }

    excluded = _CONTROLS

    def __init__(self, *, longest: int = LONGEST_TEXT, **kwargs: Any) -> None:
        pattern = f"^[^{self.excluded}]*$"
        super().__init__(**_described(kwargs, minLength=1, maxLength=longest, pattern=pattern))
        self.longest = longest
        self.forbidden = re.compile(f"[{self.excluded}\\ud800-\\udfff]")

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if found := self.forbidden.search(value):
            raise self.make_error("control", code=ord(found.group()))
        if _piled(value):
            raise self.make_error("marks", most=MOST_MARKS)
        text = unicodedata.normalize("NFC", value)
        if all(
            unicodedata.category(char)[0] in "ZC" for char in text
        ):  # Spaces, and what is not seen at all.
            raise self.make_error("blank")
        if len(text) > self.longest:
            raise self.make_error("long", longest=self.longest, length=len(text))
        return text

    def plain(self, value: Any) -> bool:
        # What is printable holds no control character, no surrogate, and no blank but the space.
        return (
            type(value) is str
            and value.isprintable()
            and len(value) <= self.longest
            and not self.validators
            and (value.isascii() or (not _piled(value) and unicodedata.is_normalized("NFC", value)))
            and not value.isspace()
            and value != ""
        )


class Line(Text):
    """Text on one line: a name, a title."""

    excluded = _CONTROLS_AND_BREAKS

    def __init__(self, *, longest: int = LONGEST_LINE, **kwargs: Any) -> None:
        super().__init__(longest=longest, **kwargs)


class Term(fields.String):
    """One of the words of a list in the vocabulary."""

    def __init__(self, words: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(words, error="must be one of: {choices}"), **kwargs)
        self.words = frozenset(words)

    def plain(self, value: Any) -> bool:
        return type(value) is str and value in self.words


class Matching(fields.String):
    """A string that a pattern matches from end to end."""

    def __init__(self, pattern: str, error: str, **kwargs: Any) -> None:
        self.matches = re.compile(pattern, re.ASCII).fullmatch

        def rule(value: str) -> None:
            # Not marshmallow's Regexp: "$" lets a line break pass, and what does not is no JSON Schema.
            if not self.matches(value):
                raise ValidationError(error)

        super().__init__(validate=rule, **_described(kwargs, pattern=f"^{pattern}$"))

    def plain(self, value: Any) -> bool:
        return type(value) is str and self.matches(value) is not None


class Id(Matching):
    """The id of a record."""

    def __init__(self, **kwargs: Any) -> None:
        error = "must be 1 to 80 of a-z, 0-9 and -, not beginning with -"
        super().__init__(ID_PATTERN, error, **kwargs)


class Kind(fields.String):
    """The kind that a document is of, where it says so."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        rule = validate.Equal(kind, error="must be {other} here")
        super().__init__(validate=rule, **_described(kwargs, const=kind))
        self.kind = kind

    def plain(self, value: Any) -> bool:
        return bool(value == self.kind)


class Date(Line):
    """An EDTF date or an RFC 3339 instant. That it denotes one is checked with the other meanings."""

    def __init__(self, **kwargs: Any) -> None:
        examples = ["2025-12-21", "2025-12-22/2025-12-23", "2025-12-XX"]
        super().__init__(longest=60, **_described(kwargs, format="edtf", examples=examples))


class Whole(fields.Integer):
    """A whole number: 1.0, true and "1" are not."""

    default_error_messages = {
        "invalid": "must be a whole number",
        "too_large": "is too large",
    }

    def __init__(self, least: int = -LARGEST_INTEGER, most: int = LARGEST_INTEGER, **kwargs: Any) -> None:
        rule = validate.Range(least, most, error="must be from {min} to {max}")
        super().__init__(strict=True, validate=rule, **kwargs)
        self.least, self.most = least, most

    def plain(self, value: Any) -> bool:
        return type(value) is int and self.least <= value <= self.most

    def _validated(self, value: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class Number(fields.Float):
    """A number; whole ones stay whole."""

    default_error_messages = {"invalid": "must be a number"}

    def __init__(self, least: float = -LARGEST_INTEGER, most: float = LARGEST_INTEGER, **kwargs: Any) -> None:
        rule = validate.Range(least, most, error="must be from {min} to {max}")
        super().__init__(validate=rule, **kwargs)

    def _validated(self, value: Any) -> Any:
        if type(value) not in (int, float):
            raise self.make_error("invalid")
        return value


class Web(Line):
    """An absolute http or https address."""

    def __init__(self, **kwargs: Any) -> None:
        rule = validate.URL(
            schemes={"http", "https"}, require_tld=False, error="must be an http or https URL"
        )
        super().__init__(
            longest=2_000, validate=rule, **_described(kwargs, format="uri", pattern="^https?://[^/]")
        )


class Country(fields.String):
    """An ISO 3166-1 alpha-2 code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=self._known, **_described(kwargs, pattern="^[A-Z]{2}$"))

    def plain(self, value: Any) -> bool:
        return type(value) is str and value in _countries()

    @staticmethod
    def _known(value: str) -> None:
        if value not in _countries():
            raise ValidationError("must be an ISO 3166-1 alpha-2 code in capitals, such as UA")


class Language(Matching):
    """A BCP 47 language tag, such as ``uk`` or ``sr-Latn``."""

    def __init__(self, **kwargs: Any) -> None:
        tag = r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?"
        super().__init__(tag, "must be a language tag, such as en", **kwargs)


class ManyOf(fields.List[Any]):
    """A list of bounded length."""

    def __init__(
        self, inner: fields.Field[Any] | type[fields.Field[Any]], least: int = 0, **kwargs: Any
    ) -> None:
        rule = validate.Length(least, LONGEST_LIST, error="must hold from {min} to {max} entries")
        super().__init__(inner, validate=rule, **kwargs)
        self.least, self.most = least, LONGEST_LIST

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        # Before any entry is looked at: a body has room for half a million, and each may have its faults.
        if isinstance(value, list):
            self._validate(value)
        return super()._deserialize(value, attr, data, **kwargs)


@cache
def _countries() -> frozenset[str]:
    # XK is user-assigned in ISO 3166-1, and what everyone writes for Kosovo.
    return frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}
