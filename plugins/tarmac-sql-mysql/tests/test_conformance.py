"""MariaDB and MySQL do what every database must do."""

from tarmac_sql import conformance


class _Both:
    columns = "id BIGINT AUTO_INCREMENT PRIMARY KEY, name TEXT, score DOUBLE, data BLOB"
    backslash = "\\\\"
    # A join of many rows with themselves: the servers limit how often a WITH RECURSIVE may turn.
    endless = (
        "WITH a AS (SELECT table_name FROM information_schema.columns) "
        "SELECT count(*) AS n FROM a a1, a a2, a a3, a a4, a a5 WHERE a1.table_name <> a2.table_name"
    )


class TestStatements(_Both, conformance.Statements): ...


class TestParameters(_Both, conformance.Parameters): ...


class TestTransactions(_Both, conformance.Transactions): ...


class TestReadOnly(_Both, conformance.ReadOnly): ...


class TestLimits(_Both, conformance.Limits): ...


class TestTimeOuts(_Both, conformance.TimeOuts): ...


class TestLifeCycle(_Both, conformance.LifeCycle): ...
