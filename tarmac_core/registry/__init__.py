"""Finds plugins, loads each alone, and opens what they declare. The only room that reads package metadata.

In: entry points of the installed distributions, the names that configuration selects, each plugin's filled settings.
Out: `Catalog` (what is installed, nothing imported), `load` (usable plugins, problems), `declare` (one plugin's specs),
`Tables` (who provides what, no name owned twice), `Lifecycle` (opening and unwinding with time limits).
Imports the contract, pluggy and packaging only; not `config`, `wapc` or anything above.

known.py      packages known to provide what is missing, for messages
installed.py  what metadata says about one plugin
catalog.py    all of them by name; collisions; what to install
listing.py    each plugin's state, for people
guard.py      a time limit for synchronous calls into plugins
load.py       import, version and API checks, `requires`
declare.py    the declaring hooks of one plugin
claims.py     one owner for each name
tables.py     the frozen result
lifecycle.py  open in order, close in reverse, hang in neither
"""

from tarmac_core.registry.catalog import Catalog
from tarmac_core.registry.claims import Owned
from tarmac_core.registry.declare import Declarations, declare
from tarmac_core.registry.guard import Hang
from tarmac_core.registry.installed import Installed
from tarmac_core.registry.known import KNOWN_PACKAGES, KNOWN_ROUTE_TYPES
from tarmac_core.registry.lifecycle import Lifecycle, StepError
from tarmac_core.registry.listing import listing
from tarmac_core.registry.load import HOOK_NAMES, Broken, Loaded, Plugin, load, register
from tarmac_core.registry.tables import Tables

__all__ = [
    "HOOK_NAMES",
    "KNOWN_PACKAGES",
    "KNOWN_ROUTE_TYPES",
    "Broken",
    "Catalog",
    "Declarations",
    "Hang",
    "Installed",
    "Lifecycle",
    "Loaded",
    "Owned",
    "Plugin",
    "StepError",
    "Tables",
    "declare",
    "listing",
    "load",
    "register",
]
