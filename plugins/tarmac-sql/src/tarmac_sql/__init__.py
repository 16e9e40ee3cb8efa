"""The sql capability: what guests say, what they may do, and what a database must offer.

In come the payloads of the host calls `query` and `exec`, in protobuf or JSON; out go answers in the same format. Databases
are backends of the type `SQLBackend`, each its own distribution, proven by `tarmac_sql.conformance`. Importing this package
loads neither protobuf nor SQLAlchemy nor pytest.

* `backend` is what a database implements, `settings` what all of them can be told
* `plugin` and `grants` are what core reads at start
* `operations` serves the host calls; `requests`, `wire`, `wire_protobuf`, `wire_json` are their formats
* `database` is a backend on SQLAlchemy's engine and a driver, `dialect` what it must be told about a server; `connections`
  keeps what the driver opened, `running` is a call at work on it, `stopping` ends what takes too long, `rows` writes results
* `dsn` reads the addresses that Go programs use
* `conformance` is the test suite for backends
"""

from tarmac_sql.backend import Done, ReadOnlyError, Rows, SQLBackend, SQLError, Statement, Value
from tarmac_sql.settings import SQLStoreSettings

__all__ = ["Done", "ReadOnlyError", "Rows", "SQLBackend", "SQLError", "SQLStoreSettings", "Statement", "Value"]
