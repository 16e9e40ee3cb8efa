"""The group of commands."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import click

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "serve": "tarmac_core.cli.serve",
        "invoke": "tarmac_core.cli.invoke",
        "check": "tarmac_core.cli.check",
        "plugins": "tarmac_core.cli.plugins",
        "config": "tarmac_core.cli.config",
    }
)
DEFAULT = "serve"
_OWN_OPTIONS = frozenset(("--help", "--version"))


class Commands(click.Group):
    """Commands by name, each imported at its first use; without a name it is `serve`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the list."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `serve` in front of what is no command: options, or a file to serve."""
        if not args or (args[0] not in COMMANDS and args[0] not in _OWN_OPTIONS and _is_for_serve(args[0])):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


def _is_for_serve(argument: str) -> bool:
    return argument.startswith("-") or argument.endswith((".json", ".wasm")) or Path(argument).is_file()


@click.group(cls=Commands)
@click.version_option(package_name="tarmac")
def main() -> None:
    """Run WebAssembly functions. Without a command: serve."""
