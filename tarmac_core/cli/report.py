"""Problems as the operator reads them, and the exit code that goes with them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tarmac_core.plugin import Problem

FAILURE, WRONG_CONFIGURATION = 1, 2


def print_problems(problems: "Iterable[Problem]") -> None:
    """One line each on standard error."""
    for problem in problems:
        click.echo(f"error: {problem}", err=True)


@contextmanager
def told_errors() -> Iterator[None]:
    """Turn what ends a start into words and an exit code."""
    from tarmac_core.app import ConfigurationError, StartError  # noqa: PLC0415 - `--help` must not wait for it
    from tarmac_core.plugin import InvocationError  # noqa: PLC0415 - as above
    from tarmac_core.registry import StepError  # noqa: PLC0415 - as above

    try:
        yield
    except ConfigurationError as error:
        print_problems(error.problems)
        raise click.exceptions.Exit(WRONG_CONFIGURATION) from error
    except (StartError, StepError, InvocationError) as error:
        click.echo(f"error: {error}", err=True)
        raise click.exceptions.Exit(FAILURE) from error
