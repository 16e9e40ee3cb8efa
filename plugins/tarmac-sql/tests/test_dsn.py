import pytest
from tarmac_sql.dsn import Address, DSNError, read_mysql, read_postgres


@pytest.mark.parametrize(
    ("dsn", "address"),
    [
        ("root:example@tcp(mysql:3306)/example", Address("mysql", 3306, "root", "example", "example")),
        ("/", Address("127.0.0.1", 3306)),
        ("user@/db", Address("127.0.0.1", 3306, "user", "", "db")),
        ("u:p@tcp(host)/db", Address("host", 3306, "u", "p", "db")),
        ("u:p@tcp(:3307)/db", Address("127.0.0.1", 3307, "u", "p", "db")),
        ("u:p@tcp([de:ad::1]:99)/db", Address("de:ad::1", 99, "u", "p", "db")),
        ("u:p@ss:w/rd?x@tcp(h)/db", Address("h", 3306, "u", "p@ss:w/rd?x", "db")),
        ("u:p@unix(/run/my.sock)/db", Address("127.0.0.1", 3306, "u", "p", "db", "/run/my.sock")),
        (
            "u:p@tcp(h)/db?parseTime=true&loc=Europe%2FZurich&multiStatements=true",
            Address(
                "h",
                3306,
                "u",
                "p",
                "db",
                options={"parseTime": "true", "loc": "Europe/Zurich", "multiStatements": "true"},
            ),
        ),
    ],
)
def test_addresses_of_go_programs_for_mysql(dsn: str, address: Address) -> None:
    assert read_mysql(dsn) == address


@pytest.mark.parametrize(
    ("dsn", "address"),
    [
        ("postgres://u:p@h:99/db?sslmode=disable", Address("h", 99, "u", "p", "db", options={"sslmode": "disable"})),
        ("postgresql://h/db", Address("h", 5432, "", "", "db")),
        ("postgres://u:p%40%2F@[::1]:99/d%20b", Address("::1", 99, "u", "p@/", "d b")),
        ("postgres://", Address("localhost", 5432)),
        ("host=h port=99 user=u password=p dbname=db", Address("h", 99, "u", "p", "db")),
        ("user = u password = 'a \\' b\\\\ c' host=''", Address("localhost", 5432, "u", "a ' b\\ c")),
        ("host=/run/pg user=u", Address("localhost", 5432, "u", socket="/run/pg")),
        (
            "password=a\\ b sslmode=verify-full",
            Address("localhost", 5432, "", "a b", options={"sslmode": "verify-full"}),
        ),
        ("", Address("localhost", 5432)),
    ],
)
def test_addresses_of_go_programs_for_postgres(dsn: str, address: Address) -> None:
    assert read_postgres(dsn) == address


@pytest.mark.parametrize(
    "dsn", ["u:sec@tcp(h)", "u:sec@udp(h)/db", "u:sec@tcp(h:port)/db", "u:sec@tcp([::1)/db", "u:sec@tcp(h/db"]
)
def test_a_wrong_address_for_mysql_is_an_error_without_the_password(dsn: str) -> None:
    with pytest.raises(DSNError) as raised:
        read_mysql(dsn)
    assert "sec" not in str(raised.value)


@pytest.mark.parametrize(
    "dsn", ["postgres://u:sec@h:port/db", "postgres://u:sec@[::1/db", "password=sec host", "password='sec", "port=0"]
)
def test_a_wrong_address_for_postgres_is_an_error_without_the_password(dsn: str) -> None:
    with pytest.raises(DSNError) as raised:
        read_postgres(dsn)
    assert "sec" not in str(raised.value)


def test_an_address_that_is_shown_hides_its_password() -> None:
    assert "sec" not in repr(read_mysql("u:sec@tcp(h)/db"))
