"""How a position differs from the one before it (design: "Change")."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

INITIAL, REAFFIRMED, SHIFTED, REVERSED = "initial", "reaffirmed", "shifted", "reversed"


@dataclass(frozen=True)
class Scale:
    """An issue's scale: label by value."""

    labels: Mapping[int, str]

    @cached_property
    def midpoint(self) -> float:
        """Halfway between the lowest and the highest value, whether or not it is a value itself."""
        return (min(self.labels) + max(self.labels)) / 2


class Stance(NamedTuple):
    """A stance held, and the id of the statement that says so."""

    stance: int
    statement: str


def scale_of(issue: Mapping[str, Any]) -> Scale:
    """The scale that an issue's document declares."""
    return Scale({point["value"]: point["label"] for point in issue["scale"]})


def change(stance: int, previous: Stance | None, scale: Scale) -> dict[str, Any]:
    """How ``stance`` differs from the holder's ``previous`` own position on the issue.

    ``reversed`` is from one side of the scale's midpoint to the other; to or from the midpoint itself
    is ``shifted``. ``delta`` is the stance less the previous one, in units of the scale.
    """
    if previous is None:
        return {"type": INITIAL, "delta": None, "previous": None}
    delta = stance - previous.stance
    if delta == 0:
        kind = REAFFIRMED
    else:
        midpoint = scale.midpoint
        kind = REVERSED if (stance - midpoint) * (previous.stance - midpoint) < 0 else SHIFTED
    return {"type": kind, "delta": delta, "previous": previous.statement}
