"""What guests read of a failure: the server's words, but neither users, addresses nor files of the server."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from asyncmy.errors import InternalError, OperationalError
from tarmac_sql import SQLBackend, SQLError, Statement
from tarmac_sql_mysql.faults import for_guests, in_words, is_unreachable

from tests.services.mariadb import MariaDBServer

OpenMySQL = Callable[..., AbstractAsyncContextManager[SQLBackend]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT * FROM mysql.user", r"Error 1142 \(42000\): SELECT command denied for table"),
        ("USE mysql", r"Error 1044 \(42000\): Access denied to database 'mysql'"),
        ("SELECT 1/2 FORM '/own/path'", r"Error 1064 \(42000\): You have an error .*/own/path'"),
        ("SELECT LOAD_FILE('/etc/passwd') + no_such", r"Error 1054 \(42S22\): Unknown column 'no_such'"),
    ],
)
async def test_the_servers_own_words(shared_server: MariaDBServer, open_with: OpenMySQL, text: str, words: str) -> None:
    async with open_with(dsn=shared_server.dsn()) as database:
        with pytest.raises(SQLError, match=words) as raised:
            await database.query(Statement(text))
    assert "tarmac'@" not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)


async def test_files_of_the_server_are_not_named(mariadb: MariaDBServer, open_with: OpenMySQL) -> None:
    async with open_with(dsn=mariadb.dsn("admin")) as database:
        with pytest.raises(SQLError, match=r"^Error 1126 \(HY000\): Can't open shared library \.\.\. ") as raised:
            await database.exec(Statement("INSTALL SONAME 'not_there'"))
    assert "/" not in str(raised.value)


@pytest.mark.parametrize(
    ("error", "words", "is_away"),
    [
        (OperationalError(2003, "Can't connect to MySQL server on '10.0.0.1'"), "cannot be reached", True),
        (OperationalError(2013, "Lost connection"), "was lost", True),
        (OperationalError(1927, "Connection was killed"), "was lost", True),
        (InternalError("Packet sequence number wrong"), "cannot be reached", False),
        (ConnectionResetError(104, "10.0.0.1"), "cannot be reached", True),
        (OperationalError(1030, 'Got error 28 "No space left on device"'), "cannot grow", False),
        (OperationalError(1317, "interrupted"), "it was stopped", False),
    ],
)
def test_words_for_what_is_not_a_statements_own_failure(error: Exception, words: str, is_away: bool) -> None:
    assert words in str(for_guests(error))
    assert "10.0.0.1" not in str(for_guests(error))
    assert is_unreachable(error) == is_away


def test_the_operator_reads_the_first_cause() -> None:
    error = OperationalError(2003, "Can't connect")
    error.__cause__ = ConnectionRefusedError(111, "refused")
    assert in_words(error, limit_s=1) == "it refuses connections (does the server run there?)"
