"""The driver's log lines, as lines of the store's log instead of text on stderr."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from tarmac_core.plugin import Log


@contextmanager
def driver_log(log: Log) -> Iterator[None]:
    """Send what the driver warns of to `log`, at the level INFO: what a warning is, the store says itself, and once.

    With two stores open both get it: the driver has one logger for all.
    """
    logger = logging.getLogger("cassandra")
    handler = _Forwarding(log)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _Forwarding(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._log.info("driver: %s%s", record.getMessage(), f" {type(error).__name__}: {error}" if error else "")
