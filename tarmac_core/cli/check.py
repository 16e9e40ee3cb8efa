"""`tarmac check`."""

import json
from pathlib import Path

import click

from tarmac_core.cli.inspecting import inspected
from tarmac_core.cli.options import PATH, config_option, make_options
from tarmac_core.cli.report import WRONG_CONFIGURATION, print_problems


@click.command()
@click.argument("target", type=PATH, required=False, metavar="[MANIFEST|FILE.wasm]")
@click.option("--no-tls", is_flag=True, help="As for serve.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
@click.pass_context
def check(context: click.Context, target: Path | None, no_tls: bool, as_json: bool, config_file: Path | None) -> None:
    """Check configuration, plugins, manifest and modules.

    No connection is opened but to remote sources of settings, without which the settings are not known.
    """
    from tarmac_core.app import check as check_all  # noqa: PLC0415 - `--help` must not wait for it

    options = make_options(target, config_file, no_tls=no_tls)
    found = check_all(options, inspected(options))
    if as_json:
        click.echo(
            json.dumps(
                {
                    "problems": [{"where": p.where, "what": p.what, "remedy": p.remedy} for p in found.problems],
                    "warnings": list(found.warnings),
                    "functions": list(found.functions),
                    "functions_without_grants": list(found.without_grants),
                },
                indent=2,
            )
        )
    else:
        print_problems(found.problems)
        for warning in found.warnings:
            click.echo(f"warning: {warning}", err=True)
        if found.without_grants:
            click.echo(f"without grants, so they may use all that is enabled: {', '.join(found.without_grants)}")
        click.echo(
            f"functions: {len(found.functions)}, problems: {len(found.problems)}, warnings: {len(found.warnings)}"
        )
    context.exit(WRONG_CONFIGURATION if found.problems else 0)
