"""`tarmac serve`."""

import gc
from pathlib import Path

import click

from tarmac_core.cli.options import PATH, config_option, make_options
from tarmac_core.cli.process import run


@click.command()
@click.argument("target", type=PATH, required=False, metavar="[MANIFEST|FILE.wasm]")
@click.option("--listen", metavar="HOST:PORT", help="Listen here instead of at listen_addr.")
@click.option("--no-tls", is_flag=True, help="Serve plain HTTP.")
@config_option
@click.pass_context
def serve(
    context: click.Context, target: Path | None, listen: str | None, no_tls: bool, config_file: Path | None
) -> None:
    """Serve the functions of a manifest (default: /functions/tarmac.json), or one module on `/`."""
    from tarmac_core.app import serve as serve_app  # noqa: PLC0415 - `--help` must not wait for it

    options = make_options(target, config_file, listen=listen, no_tls=no_tls)
    gc.freeze()  # what was imported is never garbage: no collection has to look at it again
    context.exit(run(lambda: serve_app(options)))
