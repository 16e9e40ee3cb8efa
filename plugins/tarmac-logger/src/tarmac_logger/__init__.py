"""Lets guests write log lines: the capability `logger`, which newer guests call `logging`."""

from tarmac_logger.plugin import LoggerPlugin

__all__ = ["LoggerPlugin"]
