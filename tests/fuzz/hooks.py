"""What Schemathesis is told of Parley: what its dates look like, and which refusals no JSON Schema foretells.

Loaded by Schemathesis itself (SCHEMATHESIS_HOOKS), not by pytest.
"""

import re
from typing import Any

import schemathesis
from hypothesis import strategies as st

YEARS, MONTHS, DAYS = st.integers(1, 9999), st.integers(1, 12), st.integers(1, 28)
LONG = 1000
DATES = st.one_of(
    st.builds("{:04}".format, YEARS),
    st.builds("{:04}-{:02}".format, YEARS, MONTHS),
    st.builds("{:04}-{:02}-{:02}".format, YEARS, MONTHS, DAYS),
    st.builds("{:04}-{:02}-{:02}T{:02}:{:02}:00Z".format, YEARS, MONTHS, DAYS, *[st.integers(0, 23)] * 2),
    st.sampled_from(["2025-12-22~", "2025-12-XX", "2025-12-22/2025-12-23", "../2025-12-23", "202X"]),
)
schemathesis.openapi.format("edtf", DATES)

MEANT = re.compile(
    "|".join(
        [
            # Of the store, not of what is sent.
            "must be the id of an? ",
            "is not on the scale of ",
            "is, at some remove, a part of this record",
            "The cursor is not one that this service made",
            "This Idempotency-Key was used for another request",
            # Of what several fields say together.
            r"is \S+ here and cannot be another",
            "must not be the record itself",
            "must be greater than the value before it",
            "is the key of an earlier clause",
            "is of the pages of JSON: a file has no next page",
            "leaves out revisions, and breaks their chain",
            "is an issue on which an earlier position",
            "lies before .*, which it should follow",
            # A date that its form lets through and the calendar does not.
            "is not a date: expected EDTF",
            # Of what a patch leaves behind, and of the lines of a file, which to OpenAPI is a string.
            "Missing data for required field",
            "must be an object with a kind",
            "The text ",
            # A list that ISO keeps; the description would change with it.
            "must be an ISO 3166-1 alpha-2 code",
            # JSON Schema has 1.0 for an integer. Parley has not.
            "must be a whole number",
            # Text of nothing that is seen: said in words in the README.
            "must not be blank",
        ]
    )
)


# Records of the demo, for documents to refer to: an id that is of no record is refused before all else.
IN_DEMO = {
    **dict.fromkeys(("speaker", "actor", "on_behalf_of", "holder", "attributed_to"), "donald-trump"),
    **dict.fromkeys(("addressed_to", "sponsors", "organization"), "european-officials"),
    **dict.fromkeys(("issue", "issues", "agenda"), "talks-progress"),
    **dict.fromkeys(("track", "tracks"), "us-led-peace-talks"),
    **dict.fromkeys(("talk", "follows"), "florida-talks-2025-12-21"),
    "source": "siversk-strikes-talks-article",
    "statement": "trump-urges-donbas-cession",
}


@schemathesis.serializer("application/x-ndjson")
def as_a_file(_: object, value: Any) -> bytes:
    """Whatever was thought of, as the bytes of a file."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.hook
def filter_case(_: object, case: Any) -> bool:
    """Whether to send it: what a file holds instead of text is text all the same, and breaks no schema."""
    return case.media_type != "application/x-ndjson" or isinstance(case.body, str | bytes)


@schemathesis.hook
def before_call(_: object, case: Any, **__: object) -> None:
    """Let what fits its schema refer to records that are there."""
    if isinstance(case.query, dict) and str(case.query.get("wait", "")).isdigit():
        case.query["wait"] = min(
            int(case.query["wait"]), 1
        )  # An answer may be held for longer than this has.
    if case.meta and case.meta.generation.mode.is_positive and isinstance(case.body, dict):
        case.body = referring(case.body)


def referring(value: Any) -> Any:
    """The value, with ids of the demo wherever it names a record."""
    if isinstance(value, list):
        return [referring(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {name: _naming(name, referring(inner)) for name, inner in value.items()}


def _naming(name: str, value: Any) -> Any:
    if name in IN_DEMO and isinstance(value, str):
        return IN_DEMO[name]
    if name in IN_DEMO and isinstance(value, list) and all(isinstance(inner, str) for inner in value):
        return [IN_DEMO[name]][: len(value)]
    return value


@schemathesis.check
def refused_for_a_reason(_: object, response: Any, case: Any) -> None:
    """A document or query that fits its schema is refused only for what no schema can say."""
    if not case.meta or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    problem = response.json()
    for fault in problem.get("errors", [problem]):
        assert MEANT.search(fault["detail"]), f"{fault} can be said in the schema"


@schemathesis.hook
def before_load_schema(_: object, raw_schema: dict[str, Any]) -> None:
    """Say the pattern of a long text in other words of the same meaning."""
    reworded(raw_schema)


def reworded(value: Any) -> None:
    """Give ``^[...]*$`` of a long text a second branch that adds nothing, in place.

    Otherwise Schemathesis folds the length into it, and ``[...]{1,100000}`` takes 2 s and 500 MB to compile,
    for each schema that holds such a text, and for each one that it makes out of them.
    """
    if isinstance(value, list):
        for inner in value:
            reworded(inner)
    elif isinstance(value, dict):
        if value.get("maxLength", 0) >= LONG and re.fullmatch(
            r"\^\[(\\.|[^]])*\]\*\$", value.get("pattern", "")
        ):
            characters = value["pattern"][1:-2]
            assert value["minLength"] == 1
            value["pattern"] = f"^({characters}+|{characters})$"
        for inner in value.values():
            reworded(inner)
