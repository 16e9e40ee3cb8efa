"""Log lines: JSON or `key=value` text, one a record, with the original's keys.

Loggers are made here and owned by one App; the global logging tree is not touched.
"""

import json
import logging
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TextIO

from tarmac_core.dispatch import FIELDS, FieldLog
from tarmac_core.plugin import CallFinished, HostCallFinished, Observer

TRACE = 5
SILENT = logging.CRITICAL + 1
_LEVELS = {TRACE: "TRACE", logging.WARNING: "WARN", logging.CRITICAL: "ERROR"}


def make_log(*, level: int = logging.INFO, is_text: bool = False, stream: TextIO | None = None) -> FieldLog:
    """Return a log that writes to `stream` (default: stdout as it is now)."""
    # A manager of our own: a level that changes reaches the cache of `isEnabledFor` through it.
    logger = logging.Manager(logging.RootLogger(logging.WARNING)).getLogger("tarmac")
    logger.setLevel(level)
    handler = logging.StreamHandler(stream if stream is not None else sys.stdout)
    handler.setFormatter(TextLines() if is_text else JsonLines())
    logger.addHandler(handler)
    return FieldLog(logger, {})


def configure(log: FieldLog, *, level: int, is_text: bool) -> None:
    """Give a log that `make_log` made another level and form."""
    log.logger.setLevel(level)
    for handler in log.logger.handlers:
        handler.setFormatter(TextLines() if is_text else JsonLines())


def level_of(*, debug: bool, trace: bool, disabled: bool) -> int:
    """Return the level for the three settings; `disabled` wins over `trace`, which wins over `debug`."""
    if disabled:
        return SILENT
    if trace:
        return TRACE
    return logging.DEBUG if debug else logging.INFO


def _entries(record: logging.LogRecord) -> dict[str, object]:
    entries: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        "level": _LEVELS.get(record.levelno, record.levelname),
        "msg": record.getMessage(),
    }
    for name, value in getattr(record, FIELDS, {}).items():
        entries.setdefault(name, value)
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        entries.setdefault("error", f"{type(error).__name__}: {error}")
        entries["stack"] = logging.Formatter().formatException(record.exc_info)
    return entries


def _writable(line: str) -> str:
    """Lone surrogates, which guests and clients can make, become escapes; the rest stays readable."""
    return line.encode("utf-8", "backslashreplace").decode()


class JsonLines(logging.Formatter):
    """`{"time":...,"level":"INFO","msg":"...",...}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        return _writable(json.dumps(_entries(record), default=str, ensure_ascii=False, separators=(",", ":")))


class TextLines(logging.Formatter):
    """`time=... level=INFO msg="..." key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        return _writable(" ".join(f"{name}={_quoted(value)}" for name, value in _entries(record).items()))


def _quoted(value: object) -> str:
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    is_plain = text.isprintable() and not set(text) & set(' "=')
    return text if is_plain and text else json.dumps(text, ensure_ascii=False)


class DebugLines(Observer):
    """Writes a DEBUG line for every call and host call; without it nothing is spent on them. Requests log themselves."""

    def __init__(self, log: FieldLog) -> None:
        self._log = log

    def call_finished(self, event: CallFinished) -> None:
        """A function call ended."""
        self._log.debug("WASM Module Executed", extra=asdict(event))

    def host_call_finished(self, event: HostCallFinished) -> None:
        """A host call ended."""
        self._log.debug("Callback returned result", extra=asdict(event))
