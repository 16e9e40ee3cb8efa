"""Tells the log that the server went away, and that it came back: once each, since thousands of calls may fail in a second."""

from tarmac_core.plugin import Log
from tarmac_sql_mysql.faults import in_words, is_unreachable


class Watch:
    """Of one server."""

    def __init__(self, place: str, limit_s: float, log: Log) -> None:
        self._place = place
        self._limit_s = limit_s
        self._log = log
        self._is_away = False

    def failed(self, error: Exception) -> None:
        """A call failed; logged if it is the first that did not reach the server."""
        if is_unreachable(error) and not self._is_away:
            self._is_away = True
            self._log.warning("%s: %s", self._place, in_words(error, limit_s=self._limit_s))

    def answered(self) -> None:
        """A connection was opened."""
        if self._is_away:
            self._is_away = False
            self._log.info("%s answers again", self._place)
