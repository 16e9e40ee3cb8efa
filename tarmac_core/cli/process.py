"""A loop for one App, and an end of the process that nothing can hold up."""

import asyncio
import io
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import click

from tarmac_core.cli.report import told_errors

END_LIMIT_S = 1.0


def run(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run `main` on a loop of its own and return its exit code, or the one of the error that it raised and that was told.

    Tasks that a plugin left behind, and threads that they wait for, get a moment to end; then the process ends at once,
    from here.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is UTF-8 in any locale; in another one lines would be lost
    loop = asyncio.new_event_loop()
    code = 1
    try:
        code = _code_of(lambda: loop.run_until_complete(main()))
    finally:
        if not loop.run_until_complete(_is_at_rest()):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        loop.close()
    return code


def _code_of(call: Callable[[], int]) -> int:
    try:
        with told_errors():
            return call()
    except click.exceptions.Exit as end:
        return end.exit_code


async def _is_at_rest() -> bool:
    """Cancel what still runs; False when some of it does not end."""
    loop = asyncio.get_running_loop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        _, left = await asyncio.wait(left, timeout=END_LIMIT_S)
    await loop.shutdown_asyncgens()
    executor = loop.create_task(loop.shutdown_default_executor())
    _, waiting = await asyncio.wait((executor,), timeout=END_LIMIT_S)
    return not left and not waiting
