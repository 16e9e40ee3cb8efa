"""`tarmac plugins`: what is installed, whether it works, and a store to start from."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tarmac_core.cli.options import PATH, config_option
from tarmac_core.cli.report import FAILURE, print_problems

if TYPE_CHECKING:
    from tarmac_core.config import Raw

_WIDTH_OF_FILES = 200  # characters; a table that is piped somewhere is not folded at 80
_MARKS = {"enabled": "green", "installed": "cyan", "disabled": "yellow", "broken": "red"}


@click.group()
def plugins() -> None:
    """List, check and start plugins."""


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def list_plugins(as_json: bool, config_file: Path | None) -> None:
    """List what is installed; imports none of it.

    enabled: imported at every start. installed: imported when configuration selects it. disabled: in plugins_disabled.
    """
    from tarmac_core.registry import Catalog, listing  # noqa: PLC0415 - `--help` must not wait for it

    catalog = Catalog.discover()
    rows = listing(catalog, _disabled(config_file))
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        cells = [
            (row.name, row.kind, f"{row.distribution} {row.version}", _state(row.state, row.reason)) for row in rows
        ]
        _print_table(("name", "kind", "from", "state"), cells)
    for problem in catalog.unreadable:
        click.echo(f"warning: {problem}", err=True)


@plugins.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
@click.pass_context
def check(context: click.Context, names: tuple[str, ...], as_json: bool, config_file: Path | None) -> None:
    """Import plugins, all or those named, and check their hooks, settings and versions. Opens nothing.

    The exit code is 1 when one of them is wrong.
    """
    from tarmac_core.cli.plugin_check import check_plugins  # noqa: PLC0415 - `--help` must not wait for it

    found = check_plugins(names, _raw(config_file))
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    else:
        cells = [
            (one.name, one.owner, "ok" if one.is_ok else "[red]failed[/]", ", ".join(one.hooks), ", ".join(one.keys))
            for one in found.plugins
        ]
        _print_table(("name", "from", "result", "hooks", "settings"), cells)
        print_problems(found.problems)
    context.exit(FAILURE if found.problems else 0)


@plugins.command()
@click.argument("name")
@click.option("--capability", type=click.Choice(["kvstore"]), default="kvstore", help="What it is a store for.")
@click.option("--directory", type=PATH, help="Folder to make; tarmac-kv-NAME where you are if not given.")
def new(name: str, capability: str, directory: Path | None) -> None:
    """Start a plugin: a distribution with a working store, its settings and its tests."""
    from tarmac_core.cli.template import copy_template  # noqa: PLC0415 - `--help` must not wait for it

    folder = directory or Path(f"tarmac-kv-{name}")
    try:
        written = copy_template(name, folder)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from error
    except FileExistsError as error:
        raise click.ClickException(f"{folder} exists already: name another with --directory") from error
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror or error}") from error
    for path in written:
        click.echo(path)
    click.echo(f'\nNext, in the environment of Tarmac: cd {folder} && pip install -e ".[testing]" && python -m pytest')
    click.echo(f"Then: APP_ENABLE_{capability.upper()}=true APP_{capability.upper()}_TYPE={name} tarmac serve")


def _raw(config_file: Path | None) -> "Raw":
    import os  # noqa: PLC0415 - with the next one, for the same reason

    from tarmac_core.config import read_raw  # noqa: PLC0415 - as above

    raw, problems = read_raw(environ=os.environ, file=config_file, cwd=Path.cwd())
    for problem in problems:
        click.echo(f"warning: {problem}", err=True)
    return raw


def _disabled(config_file: Path | None) -> Iterable[str]:
    from tarmac_core.config import CoreSettings, bind  # noqa: PLC0415 - as above

    settings = bind(CoreSettings, "", _raw(config_file)).settings
    return settings.plugins_disabled if settings else ()


def _state(state: str, reason: str) -> str:
    from rich.markup import escape  # noqa: PLC0415 - as above

    text = f"[{_MARKS[state]}]{state}[/]"
    return f"{text}: {escape(reason)}" if reason else text


def _print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH_OF_FILES)
    console.print(table)
