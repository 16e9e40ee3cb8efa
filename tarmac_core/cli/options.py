"""Options that several commands share, and what they mean for the App."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from tarmac_core.app import Options

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)


def config_option(command: F) -> F:
    """`--config FILE`."""
    return click.option(
        "--config", "config_file", type=PATH, help="Settings file instead of conf/config.{toml,yaml,json}."
    )(command)


def make_options(
    target: Path | None, config_file: Path | None, *, listen: str | None = None, no_tls: bool = False
) -> "Options":
    """Put together what the command line says."""
    from tarmac_core.app import Options  # noqa: PLC0415 - `--help` must not wait for it

    settings: dict[str, object] = {}
    if listen is not None:
        settings["listen_addr"] = listen
    if no_tls:
        settings["enable_tls"] = False
    return Options(target=target, config_file=config_file, settings=settings)
