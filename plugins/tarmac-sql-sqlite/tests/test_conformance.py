"""SQLite does what every database must do."""

from tarmac_sql import conformance


class TestStatements(conformance.Statements): ...


class TestParameters(conformance.Parameters): ...


class TestTransactions(conformance.Transactions): ...


class TestReadOnly(conformance.ReadOnly): ...


class TestLimits(conformance.Limits): ...


class TestTimeOuts(conformance.TimeOuts): ...


class TestLifeCycle(conformance.LifeCycle): ...
