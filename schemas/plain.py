"""Loading documents of which every value is plain, as nearly all are: a tenth of marshmallow's time.

What is loaded follows from the schema alone: which fields there are, what each takes for plain
(``schemas.fields``), and its own ``deserialize`` where a value is not. Whatever that refuses, and whatever
else is out of the ordinary, is for marshmallow to judge and to say why.
"""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing

from schemas.fields import ManyOf

Loaded = dict[str, Any]
Take = Callable[[Any], Any]
"""Gives what is kept of a value. Raises ValidationError, also where marshmallow should be asked."""


def loader(schema: Schema) -> Callable[[Any], Loaded]:
    """A function that loads what ``schema.load`` loads, and raises ValidationError where that may do so.

    The error says nothing: ``schema.load`` does.
    """
    steps = [(name, *_ways(field), field) for name, field in schema.load_fields.items()]

    def load(document: Any) -> Loaded:
        if type(document) is not dict:
            raise ValidationError("")
        loaded: Loaded = {}
        left = len(document)
        for name, plain, take, field in steps:
            if name in document:
                value = document[name]
                left -= 1
                loaded[name] = value if plain(value) else take(value)
            elif field.required:
                raise ValidationError("")
            elif field.load_default is not missing:
                default = field.load_default
                loaded[name] = default() if callable(default) else default
        if left:
            raise ValidationError("")
        return loaded

    return load


def _ways(field: fields.Field[Any]) -> tuple[Callable[[Any], bool], Take]:
    """Whether a value is kept as it is; and what is kept of it where it is not."""
    if isinstance(field, fields.Nested):
        return _never, loader(field.schema)
    if isinstance(field, ManyOf):
        return _never, _many(field)
    return getattr(field, "plain", _never), field.deserialize


def _never(_: Any) -> bool:
    return False


def _many(field: ManyOf) -> Take:
    plain, take = _ways(field.inner)

    def many(values: Any) -> list[Any]:
        if type(values) is not list or not field.least <= len(values) <= field.most:
            raise ValidationError("")
        return [value if plain(value) else take(value) for value in values]

    return many
