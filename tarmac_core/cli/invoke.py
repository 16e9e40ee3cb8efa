"""`tarmac invoke`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tarmac_core.cli.options import PATH, config_option, make_options
from tarmac_core.cli.process import run

if TYPE_CHECKING:
    from tarmac_core.app import Options


@click.command()
@click.argument("function")
@click.option("--data", help="The payload, as text.")
@click.option("--file", "file", type=PATH, help="The payload, from a file; - is standard input.")
@click.option("--manifest", "target", type=PATH, help="A manifest or a module; default: as for serve.")
@config_option
@click.pass_context
def invoke(
    context: click.Context,
    function: str,
    data: str | None,
    file: Path | None,
    target: Path | None,
    config_file: Path | None,
) -> None:
    """Call FUNCTION once, without a server, and print its answer. Logs go to standard error."""
    if data is not None and file is not None:
        raise click.UsageError("give --data or --file, not both")
    payload = _payload(data, file)
    options = make_options(target, config_file)
    context.exit(run(lambda: _call(function, payload, options)))


def _payload(data: str | None, file: Path | None) -> bytes:
    if file is None:
        return (data or "").encode("utf-8", "surrogateescape")
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from error


async def _call(function: str, payload: bytes, options: "Options") -> int:
    from tarmac_core.app import App, StartError  # noqa: PLC0415 - `--help` must not wait for it
    from tarmac_core.dispatch import CallContext  # noqa: PLC0415 - as above

    async with App.open(options, needs_listener=False, stream=sys.stderr) as app:
        names = app.dispatcher.functions
        if function not in names:
            raise StartError(f"there is no function {function!r}; the manifest has: {', '.join(names) or 'none'}")
        answer = await app.dispatcher.invoke(function, payload, context=CallContext("cli"))
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0
