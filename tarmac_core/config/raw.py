"""Settings as they were found: flat keys, where each came from, and the tables of named stores."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from tarmac_core.config.node import as_node
from tarmac_core.config.references import References
from tarmac_core.config.values import RawValue, flatten

Values: TypeAlias = Mapping[str, RawValue]


@dataclass(frozen=True, slots=True)
class StoreTable:
    """One `[stores.NAME]` table: `fields` are its other keys, by the backend's own names."""

    name: str
    capability: str
    backend: str
    fields: Values
    source: str
    references: References


@dataclass(frozen=True, slots=True)
class Raw:
    """All settings before any model reads them.

    `values` maps lower-case flat keys to the value that wins (environment, then file, then remote source). `notes` are
    warnings about the file itself. `file` is the file that was read, empty without one.
    """

    values: Values
    stores: Mapping[str, StoreTable]
    references: References
    file: str = ""
    notes: tuple[str, ...] = field(default=())

    def with_remote(self, values: Mapping[str, object], source: str) -> "Raw":
        """The same settings with remote values below them. `source` names them in messages, e.g. `consul tarmac/config`.

        Called on the `Raw` that `read_raw` gave, once at start and once for each change.
        """
        return replace(self, values={**flatten(as_node(values), source), **self.values})
