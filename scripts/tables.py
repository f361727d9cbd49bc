"""What commands show as a table."""

from rich.console import Console
from rich.table import Table


def printed(table: Table, *, stderr: bool = False) -> None:
    """Print it, every word as it is: names, addresses and folders are others', and no markup of rich's."""
    Console(stderr=stderr, markup=False, emoji=False).print(table)
