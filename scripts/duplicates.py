"""``parley duplicates``"""

import json
from typing import Any

import click

from scripts.store import opened
from service.diplomacy.names import Namesakes
from service.questions.naming import duplicates


@click.command("duplicates")
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def command(as_json: bool) -> None:
    """Find records of one name, and names that look like another's. Nothing is merged.

    A line for each group: what it is, the kind, and the ids with what they are called.
    """
    opened()
    same, alike = duplicates()
    if as_json:
        click.echo(json.dumps({"same": [*map(_told, same)], "look_alikes": [*map(_told, alike)]}))
        return
    for about, groups in (("one name", same), ("look-alikes", alike)):
        for group in groups:
            records = ", ".join(f"{record.id} ({record.label})" for record in group.records)
            click.echo(f"{about}: {group.kind} {records}")
    click.echo(f"{len(same)} of one name, {len(alike)} look-alikes")


def _told(group: Namesakes) -> dict[str, Any]:
    return {
        "kind": group.kind,
        "records": [{"id": one.id, "name": one.label, "names": list(one.names[1:])} for one in group.records],
    }
