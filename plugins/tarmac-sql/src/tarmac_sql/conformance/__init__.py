"""What every database must do. A database's test is empty subclasses of these classes and one fixture that opens it:

    from tarmac_sql import conformance

    @pytest.fixture
    def open_database(tmp_path):
        return lambda **settings: open_my_database(MySettings(...), context)

    class TestStatements(conformance.Statements): ...

`open_database(**settings)` gives an asynchronous context manager of one `SQLBackend`, each time on the same data; settings are
fields of `SQLStoreSettings`. Subclasses name what the server writes differently (`Suite`). Tests make tables of their own.
Needs pytest and pytest-asyncio. Call `pytest.register_assert_rewrite("tarmac_sql.conformance")` first for full messages.
"""

from tarmac_sql.conformance.limits import Limits, TimeOuts
from tarmac_sql.conformance.rights import ReadOnly
from tarmac_sql.conformance.statements import Parameters, Statements
from tarmac_sql.conformance.suite import OpenDatabase, Suite
from tarmac_sql.conformance.transactions import LifeCycle, Transactions

__all__ = [
    "LifeCycle",
    "Limits",
    "OpenDatabase",
    "Parameters",
    "ReadOnly",
    "Statements",
    "Suite",
    "TimeOuts",
    "Transactions",
]
