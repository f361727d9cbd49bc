"""``./scripts/cluster``: a cluster to look at, or one to break."""

import signal
import sys
from typing import Any

import click

from scripts import trial_failover, trial_slow, trial_steady
from scripts.cluster_processes import NotReady
from scripts.cluster_topology import Cluster, cluster

JSON = click.option("--json", "file", metavar="FILE", help="Write the figures to a file, too.")


@click.group(invoke_without_command=True)
@click.option("--by-patroni", is_flag=True, help="Have Patroni choose the primary, with etcd.")
@click.pass_context
def main(context: click.Context, by_patroni: bool) -> None:
    """Run Parley on many machines, all of them this one, until ^C. Exit status: 0 as it should be, 1 not."""
    # What ends a service ends this as ^C does, also where a shell started it in the background, without ^C.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _interrupted)
    if context.invoked_subcommand is None:
        try:
            with cluster("by-patroni" if by_patroni else "by-hand") as running:
                _tell(running)
                signal.pause()
        except KeyboardInterrupt:
            click.echo("Ended.", err=True)
        except NotReady as error:
            click.echo(str(error), err=True)
            sys.exit(1)


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def _tell(running: Cluster) -> None:
    running.parley("demo")
    token = running.parley("token", "create", "--scope", "write", "--name", "first-run").split()[-1]
    click.echo(f"A token for writing:  {token}")
    for name, port in running.services.items():
        click.echo(f"{name:8}  http://127.0.0.1:{port}")
    for node in running.nodes:
        click.echo(f"{node.name:8}  127.0.0.1:{node.port}")
    click.echo(f"What they say:  {running.folder}/*.log")
    click.echo(f"Open  {running.url}/docs")


@main.command()
@click.option("--by-patroni", is_flag=True, help="Have Patroni promote the standby, with etcd.")
@click.option("--rounds", default=3, show_default=True, help="How often the primary is killed.")
@JSON
def failover(by_patroni: bool, rounds: int, file: str | None) -> None:
    """Kill the primary under load, promote the standby, and bring the old primary back."""
    sys.exit(trial_failover.run("by-patroni" if by_patroni else "by-hand", rounds, file))


@main.command()
@click.option("--callers", default=500, show_default=True, help="How many are slow.")
@click.option("--seconds", default=20.0, show_default=True, help="With them, and as long without.")
@click.option("--directly", is_flag=True, help="All ask a service, not the proxy: what the proxy is for.")
@JSON
def slow(callers: int, seconds: float, directly: bool, file: str | None) -> None:
    """Let many callers be slow, and see what the others notice."""
    sys.exit(trial_slow.run(callers, seconds, file, proxied=not directly))


@main.command()
@click.option("--requests", default=100_000, show_default=True)
@JSON
def steady(requests: int, file: str | None) -> None:
    """Ask very much, and see whether anything grows."""
    sys.exit(trial_steady.run(requests, file))


if __name__ == "__main__":
    main(prog_name="./scripts/cluster")
