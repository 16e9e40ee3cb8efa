"""What commands that only look at configuration know of it."""

import asyncio
from typing import TYPE_CHECKING

from tarmac_core.cli.report import told_errors

if TYPE_CHECKING:
    from tarmac_core.app import Blueprint, Options


def inspected(options: "Options", *, needs_listener: bool = True) -> "Blueprint":
    """Everything about the configuration, what remote sources say included; exit code 1 where one does not open."""
    from tarmac_core.app import inspect_with_sources  # noqa: PLC0415 - `--help` must not wait for it

    with told_errors():
        return asyncio.run(inspect_with_sources(options, needs_listener=needs_listener))
