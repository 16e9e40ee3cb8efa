"""`tarmac config`: what is configured, where it came from, and the schemas of both files."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tarmac_core.cli.inspecting import inspected
from tarmac_core.cli.options import config_option, make_options
from tarmac_core.cli.report import WRONG_CONFIGURATION, print_problems

NOTHING_TO_SERVE = "functions"

if TYPE_CHECKING:
    from tarmac_core.app import Blueprint
    from tarmac_core.config import ShownValue


@click.group()
def config() -> None:
    """Show settings and the schemas of the configuration file and of tarmac.json."""


@config.command(short_help="Print every setting, its value and its source.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
@click.pass_context
def show(context: click.Context, as_json: bool, config_file: Path | None) -> None:
    """Print every setting in use, its value (secrets masked) and where it came from; remote sources are asked.

    Problems and warnings go to standard error; with problems the exit code is 2.
    """
    blueprint = inspected(make_options(None, config_file), needs_listener=False)
    rows = (*blueprint.rows, *_flags_that_are_off(blueprint))
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False))
    else:
        for line in _lines(rows):
            click.echo(line)
    for warning in blueprint.warnings:
        click.echo(f"warning: {warning}", err=True)
    # Whether there is something to serve is no question of settings: `serve` and `check` are told it on the command line.
    problems = [problem for problem in blueprint.problems if problem.where != NOTHING_TO_SERVE]
    print_problems(problems)
    context.exit(WRONG_CONFIGURATION if problems else 0)


@config.command(short_help="Print the JSON schema of a file.")
@click.argument("which", type=click.Choice(["settings", "manifest"]), default="settings")
@config_option
def schema(which: str, config_file: Path | None) -> None:
    """Print the JSON schema of the configuration file or of tarmac.json, for the plugins that are in use."""
    blueprint = _blueprint(config_file)
    made = _manifest_schema(blueprint) if which == "manifest" else _settings_schema(blueprint)
    click.echo(json.dumps(made, indent=2, ensure_ascii=False))


def _blueprint(config_file: Path | None) -> "Blueprint":
    from tarmac_core.app import inspect  # noqa: PLC0415 - `--help` must not wait for it

    return inspect(make_options(None, config_file), needs_listener=False)


def _settings_schema(blueprint: "Blueprint") -> dict[str, object]:
    from tarmac_core.config import settings_schema  # noqa: PLC0415 - as above

    capabilities = [owned.spec for owned in blueprint.tables.capabilities.values()]
    flags = {f"enable_{spec.name}": f"Let functions use {spec.name}." for spec in capabilities if spec.backend_type}
    flags |= {f"use_{name}": f"Read settings from {name}." for name in blueprint.catalog.backends("config")}
    return settings_schema(blueprint.models, flags=flags)


def _manifest_schema(blueprint: "Blueprint") -> dict[str, object]:
    from tarmac_core.config import manifest_schema  # noqa: PLC0415 - as above

    return manifest_schema(blueprint.tables.route_models(), blueprint.tables.grant_models())


def _flags_that_are_off(blueprint: "Blueprint") -> Iterator["ShownValue"]:
    """Capabilities with stores that nobody has turned on or off, so that `show` names the key that does it."""
    from tarmac_core.config import ShownValue  # noqa: PLC0415 - as above

    keys = {f"enable_{owned.spec.name}" for owned in blueprint.tables.capabilities.values() if owned.spec.backend_type}
    for key in sorted(keys - {row.key for row in blueprint.rows}):
        yield ShownValue(key, False, "default", False)


def _lines(rows: Iterable["ShownValue"]) -> Iterable[str]:
    """Columns as wide as they need to be; the last one open, so that lines can be searched and cut."""
    cells = [(row.key, json.dumps(row.value, ensure_ascii=False), row.source) for row in rows]
    widths = [max(map(len, column)) for column in list(zip(*cells, strict=True))[:2]]
    for key, value, source in cells:
        yield f"{key:<{widths[0]}}  {value:<{widths[1]}}  {source}"
