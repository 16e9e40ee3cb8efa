"""A loop for one App, and the end of the process."""

import asyncio
import gc

from tarmac_core.app import Options, serve


def run(options: Options) -> int:
    """Serve until the end and return the exit code."""
    gc.freeze()  # what start-up imported is never garbage: no collection has to look at it again
    return asyncio.run(serve(options))
