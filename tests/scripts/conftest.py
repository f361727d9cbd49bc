"""Running commands as a shell would, and as quickly as a test should."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from scripts.cli import main
from service.settings import Settings

Parley = Callable[..., Result]


@pytest.fixture
def parley(settings: Settings) -> Parley:
    """A function that runs ``parley`` with arguments on a store of its own, which is not there yet.

    What it should be done with: ``status``, and ``input`` for standard input.
    """

    def run(*arguments: str, status: int = 0, input: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(main, arguments, input=input, prog_name="parley")
        assert result.exit_code == status, (result.output, result.exc_info)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


@pytest.fixture
def ready(parley: Parley) -> Parley:
    """The same, on a store that is migrated and empty."""
    parley("migrate")
    return parley
