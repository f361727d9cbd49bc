"""``parley benchmark``: each thing measured has a module of its own, ``scripts.benchmark_*``."""

import click

from scripts import benchmark_export, benchmark_networks


@click.group("benchmark")
def command() -> None:
    """Measure, beside what one would otherwise use, in one run on one machine."""


command.add_command(benchmark_export.command)
command.add_command(benchmark_networks.command)
