"""Tornado logs to global loggers; while a server is open its lines go to the server's log instead."""

import logging

from tarmac_core.plugin import Log

_GENERAL, _APPLICATION = "tornado.general", "tornado.application"


class TornadoLog(logging.Handler):
    """Faults of clients (bad handshakes, malformed requests) become DEBUG lines: anyone could fill the log with them."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.DEBUG)
        self._log = log

    def install(self) -> None:
        """Take over Tornado's lines."""
        for name in (_GENERAL, _APPLICATION):
            logger = logging.getLogger(name)
            logger.addHandler(self)
            logger.propagate = False

    def remove(self) -> None:
        """Give them back, unless another server of this process has them too."""
        for name in (_GENERAL, _APPLICATION):
            logger = logging.getLogger(name)
            logger.removeHandler(self)
            logger.propagate = not any(isinstance(handler, TornadoLog) for handler in logger.handlers)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line; what Tornado caught from code of ours keeps its level and trace."""
        is_ours = record.name == _APPLICATION or record.exc_info is not None
        level = record.levelno if is_ours else logging.DEBUG
        self._log.log(level, "HTTP connection: %s", record.getMessage(), exc_info=record.exc_info)
