"""Addresses and their options: those of Go programs and those of URLs."""

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_sql.dsn import Address, DSNError
from tarmac_sql_mysql.address import place, read
from tarmac_sql_mysql.options import Options, read_options
from tarmac_sql_mysql.server import limited, read_server
from tarmac_sql_mysql.settings import MySQLSettings

SECRET = "p@ss/w:rd"


@pytest.mark.parametrize(
    ("dsn", "address", "words"),
    [
        (f"u:{SECRET}@tcp(db:3307)/app", Address("db", 3307, "u", SECRET, "app"), "sql_dsn db:3307"),
        ("mysql://u:p%40ss%2Fw%3Ard@db:3307/app", Address("db", 3307, "u", SECRET, "app"), "sql_dsn db:3307"),
        ("mariadb+asyncmy://u@[::1]/app", Address("::1", 3306, "u", "", "app"), "sql_dsn [::1]:3306"),
        (
            "mysql://u@/app?unix_socket=/run/s.sock&charset=utf8mb4",
            Address("127.0.0.1", 3306, "u", "", "app", "/run/s.sock", {"charset": "utf8mb4"}),
            "sql_dsn /run/s.sock",
        ),
        ("u@unix(/run/s.sock)/", Address("127.0.0.1", 3306, "u", "", "", "/run/s.sock"), "sql_dsn /run/s.sock"),
    ],
)
def test_every_form_of_address(dsn: str, address: Address, words: str) -> None:
    assert read(dsn) == address
    assert place(address) == words


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("tls=true", Options(tls="on")),
        ("tls=false", Options(tls="off")),
        ("tls=skip-verify", Options(tls="skip-verify")),
        ("tls=preferred", Options(tls="preferred")),
        ("timeout=1m30.5s", Options(connect_timeout_s=90.5)),
        ("connect_timeout=7", Options(connect_timeout_s=7.0)),
        ("readTimeout=30s&writeTimeout=500ms", Options(statement_timeout_s=0.5)),
        ("readTimeout=0s", Options()),
        ("parseTime=true&loc=Europe%2FParis", Options(parse_time=True, zone="Europe/Paris")),
        ("loc=Local", Options(zone="Local")),
        ("clientFoundRows=true", Options(found_rows=True)),
        ("maxAllowedPacket=1000", Options(max_packet_bytes=1000)),
        ("allowNativePasswords=false", Options(native_passwords=False)),
        ("allowCleartextPasswords=1", Options(cleartext_passwords=True)),
        ("charset=utf8mb4,utf8&collation=utf8mb4_bin", Options(collation="utf8mb4_bin")),
        ("interpolateParams=true&checkConnLiveness=false", Options()),
        ("multiStatements=false&allowAllFiles=false", Options()),
        (
            "time_zone=%27%2B00%3A00%27&@@sql_mode=%27%27",
            Options(variables={"time_zone": "'+00:00'", "@@sql_mode": "''"}),
        ),
        (
            "ssl_ca=a&ssl_cert=b&ssl_key=c&ssl_check_hostname=false",
            Options(ca_file="a", cert_file="b", key_file="c", hostname_verify=False),
        ),
    ],
)
def test_options_that_mean_something(option: str, expected: Options) -> None:
    for dsn in (f"u@tcp(h)/d?{option}", f"mysql://u@h/d?{option.replace('%2B', '%2B')}"):
        assert read_options(read(dsn).options) == expected


@pytest.mark.parametrize(
    "option",
    [
        "charset=latin1",
        "collation=latin1_bin",
        "collation=utf8mb4_bin'",
        "multiStatements=true",
        "allowAllFiles=true",
        "allowOldPasswords=true",
        "columnsWithAlias=true",
        "rejectReadOnly=true",
        "serverPubKey=key",
        "local_infile=1",
    ],
)
def test_options_without_effect_are_named_in_a_warning(option: str) -> None:
    (warning,) = read_options(read(f"u@tcp(h)/d?{option}").options).warnings
    assert warning.startswith(option.partition("=")[0])


@pytest.mark.parametrize(
    ("dsn", "named"),
    [
        ("", "is not set"),
        ("no slash", "no / before"),
        ("u:hunter2@udp(h)/d", "the protocol is udp"),
        ("mysql://u:hunter2@h:port/d", "host or port"),
        ("mysql://u:hunter2@[::1/d", "host or port"),
        ("u:hunter2@tcp(h)/d?tls=custom", "only Go code could register"),
        ("u:hunter2@tcp(h)/d?timeout=soon", "timeout is not a duration"),
        ("u:hunter2@tcp(h)/d?timeout=5 s", "timeout is not a duration"),
        ("u:hunter2@tcp(h)/d?parseTime=perhaps", "parseTime is neither true nor false"),
        ("u:hunter2@tcp(h)/d?loc=Nowhere%2FAtAll", "loc is not a time zone"),
        ("u:hunter2@tcp(h)/d?maxAllowedPacket=-1", "maxAllowedPacket is not a number"),
        ("u:hunter2@tcp(h)/d?a b=1", "an option's name"),
    ],
)
def test_a_wrong_dsn_is_an_error_without_the_password(dsn: str, named: str) -> None:
    with pytest.raises(DSNError, match=named):
        read_options(read(dsn).options)
    with pytest.raises(ValidationError) as raised:
        MySQLSettings.model_validate({"dsn": dsn})
    assert named in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"tls_ca_file": "ca.pem"}, "sql_tls is off"),
        ({"tls_cert_file": "client.pem"}, "sql_tls is off"),
        ({"tls": "maybe"}, "sql_tls|tls"),
        ({"connect_timeout": 0}, "greater than 0"),
        ({"pool_size": 0}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_an_error(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        MySQLSettings.model_validate({"dsn": "u@tcp(h)/d", **settings})


def test_options_of_the_dsn_come_before_settings() -> None:
    settings = MySQLSettings.model_validate(
        {"dsn": "u@tcp(h)/d?tls=skip-verify&timeout=3s&readTimeout=2s", "tls": "off", "connect_timeout": 9}
    )
    server = read_server(settings)
    assert server.tls is not None
    assert server.tls_is_required
    assert server.connect_timeout_s == 3
    assert limited(settings).statement_timeout_ms == 2000
    assert read_server(limited(settings)).limit_s == 3
    assert (
        limited(MySQLSettings.model_validate({"dsn": "u@tcp(h)/d", "statement_timeout_ms": 0})).statement_timeout_ms
        == 0
    )


def test_a_server_that_is_shown_hides_the_password() -> None:
    settings = MySQLSettings.model_validate({"dsn": f"u:{SECRET}@tcp(h)/d"})
    assert SECRET not in repr(read_server(settings)) + repr(settings)


def test_the_plugin_loads_no_driver() -> None:
    program = "import sys, tarmac_sql_mysql.plugin; sys.exit(bool({'asyncmy', 'sqlalchemy', 'cryptography'} & {*sys.modules}))"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)
