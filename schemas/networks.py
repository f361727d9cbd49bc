"""What the questions of actor networks take, and the shapes of their answers.

The words that a parameter takes come with their definitions, from where they are computed: the schemas know
nothing of that, and are made of what they are given.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields, validate

from schemas import vocabulary as words
from schemas.fields import LARGEST_INTEGER, Id, Number
from schemas.queries import Query, ids, span, terms

Choices = Mapping[str, Mapping[str, str]]
"""By the name of a parameter: each word that it takes, the default first, and what it means."""

_CHOSEN = {
    "normalize": "What weights are divided by; a zero denominator gives 0.",
    "duplicates": "Which statements count once: the earliest by actor, issue and (unless stances are "
    "ignored) stance in the unit.",
    "aggregate": "What a tie's weight is.",
}


LONGEST_NUMBER = 40
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


class Amount(fields.Float):
    """A number as JSON has it, such as 2, -1, 0.25 or 1e3 (RFC 8259, section 6)."""

    default_error_messages = {"invalid": "must be a number, such as 2 or 0.25"}

    def __init__(self, **kwargs: Any) -> None:
        rule = validate.Range(-LARGEST_INTEGER, LARGEST_INTEGER, error="must be from {min} to {max}")
        super().__init__(validate=rule, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if not (isinstance(value, str) and len(value) <= LONGEST_NUMBER and _NUMBER.fullmatch(value)):
            raise self.make_error("invalid")
        return float(value)


def query(relation: str, about_issues: str, choices: Choices, windows: Sequence[str]) -> type[Schema]:
    """The parameters of the network of one relation; ``about_issues`` says what ``issues=`` means there."""
    chosen = {name: _word(name, meanings) for name, meanings in choices.items()}
    return Query.from_dict(
        {
            "actors": ids("Between these actors, which are nodes even where they have no tie."),
            "issues": ids(about_issues),
            "exclude_actor": ids("Without these actors, even if they were asked for."),
            "exclude_issue": ids("Without these issues, even if they were asked for."),
            "track": ids("From statements or talks of this track, or of a sub-track of it."),
            **chosen,
            "min_weight": Amount(metadata={"description": "Ties of at least this weight."}),
            "windows": fields.String(
                validate=validate.OneOf(tuple(windows), error="must be one of: {choices}"),
                metadata={
                    "description": "A series of networks, one for each of these side by side, by the "
                    "earliest bound of the dates; what has none is in no window. Repetitions are looked for "
                    "within each."
                },
            ),
            **span(),
        },
        name=_name(relation, "Query"),
    )


def measures_query(network: type[Schema], relation: str, of: Mapping[str, str], default: Any) -> type[Schema]:
    """The parameters of a network's measures: those of the network, and which measures, by their meanings."""
    listed = terms(tuple(of), f"Measures. {_meanings(of)}", default=tuple(default))
    return Query.from_dict(
        {"measures": listed, **network._declared_fields}, name=_name(relation, "MeasuresQuery")
    )


def _word(name: str, meanings: Mapping[str, str]) -> fields.String:
    return fields.String(
        load_default=next(iter(meanings)),
        validate=validate.OneOf(tuple(meanings), error="must be one of: {choices}"),
        metadata={"description": f"{_CHOSEN[name]} {_meanings(meanings)}"},
    )


def _meanings(meanings: Mapping[str, str]) -> str:
    return " ".join(f"`{word}`: {meaning}" for word, meaning in meanings.items())


def _name(relation: str, suffix: str) -> str:
    return "".join(part.capitalize() for part in relation.split("-")) + suffix


class NetworkNode(Schema):
    id = Id(required=True)
    kind = fields.String(required=True, metadata={"enum": ["actor", "issue"]})
    type = fields.String(metadata={"enum": list(words.ACTOR_TYPES), "description": "Of an actor."})
    label = fields.String(required=True)


class Tie(Schema):
    source = Id(required=True)
    target = Id(required=True)
    weight = Number(required=True)


def _in_windows(name: str, shape: dict[str, fields.Field[Any]], **always: fields.Field[Any]) -> type[Schema]:
    """An answer of that shape, or, where windows were asked for, one such for each of them in their order."""
    bounds = {
        "label": fields.String(required=True, metadata={"examples": ["2025-12", "2025-W51", "2025-Q4"]}),
        "start": fields.String(required=True, metadata={"description": "Its first day."}),
        "end": fields.String(required=True, metadata={"description": "Its last day."}),
    }
    window = Schema.from_dict({**bounds, **shape}, name=f"{name}Window")
    about = {"description": "Only where windows were asked for, in place of the rest."}
    series = fields.List(fields.Nested(window), metadata=about)
    return Schema.from_dict({**always, **shape, "windows": series}, name=name)


NetworkAnswer = _in_windows(
    "Network",
    {"nodes": fields.List(fields.Nested(NetworkNode)), "edges": fields.List(fields.Nested(Tie))},
    relation=fields.String(required=True),
    directed=fields.Boolean(required=True, metadata={"description": "If not, each pair stands once."}),
    two_mode=fields.Boolean(required=True, metadata={"description": "Sources are actors, targets issues."}),
    normalize=fields.String(),
    duplicates=fields.String(),
    aggregate=fields.String(),
)


def measures_answer(of_node: Mapping[str, str], of_network: Mapping[str, str]) -> type[Schema]:
    """The shape of measures, from the meanings of each node's and of the whole network's."""

    def values(meanings: Mapping[str, str]) -> dict[str, fields.Field[Any]]:
        return {
            name: Number(allow_none=True, metadata={"description": meaning})
            for name, meaning in meanings.items()
        }

    node = Schema.from_dict({**NetworkNode._declared_fields, **values(of_node)}, name="MeasuredNode")
    whole = Schema.from_dict(values(of_network), name="MeasuredWhole")
    return _in_windows(
        "NetworkMeasures",
        {"nodes": fields.List(fields.Nested(node)), "network": fields.Nested(whole)},
        relation=fields.String(required=True),
    )
