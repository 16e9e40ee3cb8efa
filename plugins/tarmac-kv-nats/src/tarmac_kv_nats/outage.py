"""How a server that is away shows in the log: once, although thousands of calls may fail in the same second."""

from tarmac_core.plugin import Log


class Outage:
    """Remembers whether the server is away, and what was said about it."""

    def __init__(self, place: str, log: Log) -> None:
        self._place = place
        self._log = log
        self._told = ""

    def goes_on(self, words: str) -> None:
        """Log the first of a row of failures, and one of another kind."""
        if words != self._told:
            self._log.warning("%s: %s", self._place, words)
            self._told = words

    def is_over(self) -> None:
        """Log that the server is back, if it was away."""
        if self._told:
            self._told = ""
            self._log.info("%s answers again", self._place)
