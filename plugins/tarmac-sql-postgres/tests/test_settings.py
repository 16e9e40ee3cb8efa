"""Settings, what the driver is told of them, and that listing plugins loads no driver."""

import ssl
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_sql_postgres.address import connect_options, place, read
from tarmac_sql_postgres.faults import in_words
from tarmac_sql_postgres.settings import PostgresSettings

KNOWN = ("sslmode", "sslrootcert", "options", "connect_timeout", "application_name", "keepalives_idle")


def told(dsn: str, *, keepalive_s: int = 300) -> dict[str, Any]:
    return connect_options(read(dsn), connect_timeout_s=10, keepalive_s=keepalive_s, known=KNOWN)


@pytest.mark.parametrize(
    ("dsn", "named"),
    [
        ("", "is not set: set it to postgres://"),
        ("postgres://u:s3cret@h:99999/d", "the port is not a number"),
        ("postgres://u:s3cret@[::1/d", "the URL's host cannot be read"),
        ("host=h password=s3cret sslmode", "the keyword after host, password is not of the form name=value"),
        ("postgres://u:s3cret@h/d?sslmode=on", "sslmode is on, not one of disable, allow"),
        ("postgres://u:s3cret@h/d?connect_timeout=soon", "connect_timeout is not a number of seconds"),
        ("postgres://u:s3cret@h/d?sslinline=true", "sslinline is not supported"),
        ("mysql://u:s3cret@h/d", "is not of the form name=value"),
    ],
)
def test_an_address_that_cannot_be_read_is_an_error_without_the_secret(dsn: str, named: str) -> None:
    with pytest.raises(ValidationError) as raised:
        PostgresSettings.model_validate({"dsn": dsn})
    assert named in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_the_address_is_never_shown() -> None:
    settings = PostgresSettings.model_validate({"dsn": "postgres://u:s3cret@h/d"})
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in repr(read("postgres://u:s3cret@h/d"))


def test_the_driver_is_told_what_the_address_says() -> None:
    options = told("postgres://me:p%40ss@db.example.org:6432/data?connect_timeout=3&application_name=mine")
    expected = {"host": "db.example.org", "port": 6432, "user": "me", "password": "p@ss", "dbname": "data"}
    assert {name: options[name] for name in expected} == expected
    assert (options["connect_timeout"], options["application_name"]) == ("3", "mine")


def test_unless_it_says_otherwise_tls_is_required_and_connections_are_kept_alive() -> None:
    options = told("host=h")
    assert options["sslmode"] == "require"
    assert (options["application_name"], options["connect_timeout"]) == ("tarmac", 10)
    assert (options["keepalives"], options["keepalives_idle"]) == (1, 300)
    assert told("host=h keepalives_idle=7")["keepalives_idle"] == "7"
    assert told("host=h", keepalive_s=0)["keepalives"] == 0


def test_the_system_s_authorities_are_named_since_the_driver_does_not_know_them() -> None:
    cafile = ssl.get_default_verify_paths().cafile or "system"
    assert told("host=h sslmode=verify-full")["sslrootcert"] == cafile
    assert told("host=h sslmode=verify-ca sslrootcert=system")["sslrootcert"] == cafile
    assert told("host=h sslmode=verify-ca sslrootcert=/own.pem")["sslrootcert"] == "/own.pem"
    assert "sslrootcert" not in told("host=h")


def test_other_options_are_parameters_of_the_server() -> None:
    options = told(r"host=h search_path='my schema' options='-c geqo=off' binary_parameters=yes")
    assert options["options"] == r"-c geqo=off -c search_path=my\ schema"
    assert "binary_parameters" not in options


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("postgres://u:p@h/d", "sql_dsn h:5432"),
        ("postgres://u:p@[::1]:7/d", "sql_dsn [::1]:7"),
        ("host=/run/postgresql", "sql_dsn /run/postgresql:5432"),
    ],
)
def test_messages_name_the_server(dsn: str, words: str) -> None:
    assert place(read(dsn)) == words


@pytest.mark.parametrize("wrong", [{"connect_timeout": 1}, {"keepalive": -1}, {"pool_size": 0}, {"values": "both"}])
def test_a_wrong_setting_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PostgresSettings.model_validate({"dsn": "host=h"} | wrong)


def test_a_failure_without_words_is_named_by_its_kind() -> None:
    assert in_words(ConnectionResetError()) == "ConnectionResetError"


def test_the_plugin_loads_no_driver() -> None:
    program = (
        "import sys, tarmac_sql_postgres.plugin; sys.exit('psycopg' in sys.modules or 'sqlalchemy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)
