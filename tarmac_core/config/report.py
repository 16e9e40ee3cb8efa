"""Collects what is wrong in one file, each with its position and JSON pointer."""

from tarmac_core.config.node import Node, position
from tarmac_core.plugin import Problem


class Report:
    """Problems and warnings about one file, in the order in which they were found."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self._file = file

    def where(self, node: Node, pointer: str) -> str:
        """`tarmac.json line 3 column 5, /services/a`."""
        place = f"{self._file} {position(node.line, node.column)}".rstrip()
        return f"{place}, {pointer}" if pointer else place

    def problem(self, node: Node, pointer: str, what: str, remedy: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(self.where(node, pointer), what, remedy))

    def warn(self, node: Node, pointer: str, what: str) -> None:
        """Note a warning."""
        self.warnings.append(f"{self.where(node, pointer)}: {what}")


def pointer_to(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
