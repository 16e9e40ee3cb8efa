"""Keys with the prefix `sql_` for MariaDB and MySQL."""

from typing import Annotated, Literal

from pydantic import AfterValidator, SecretStr, model_validator
from tarmac_sql import SQLStoreSettings

from tarmac_core.plugin import setting
from tarmac_sql_mysql.address import read
from tarmac_sql_mysql.options import read_options


def _readable(dsn: SecretStr) -> SecretStr:
    read_options(read(dsn.get_secret_value()).options)
    return dsn


class MySQLSettings(SQLStoreSettings):
    """Keys with the prefix `sql_`; what they share with options of the DSN, the DSN's option says."""

    dsn: Annotated[SecretStr, AfterValidator(_readable)] = setting(
        SecretStr(""),
        "The server: user:password@tcp(host:3306)/database?option=value, unix(/path) instead of tcp(...), or a URL "
        "(mysql://user:password@host:3306/database).",
        validate_default=True,
    )
    connect_timeout: float = setting(10.0, "Longest time to connect and log in.", unit="s", gt=0, le=600)
    tls: Literal["off", "preferred", "skip-verify", "on"] = setting(
        "off",
        "TLS: never, if the server has it (any certificate will do), always with any certificate, always with one that "
        "is verified.",
    )
    tls_ca_file: str = setting("", "PEM file of the authorities to trust, alone; empty trusts the system's.")
    tls_cert_file: str = setting("", "PEM file of the client's certificate, if the server asks for one.")
    tls_key_file: str = setting("", "PEM file of its key; empty is in tls_cert_file.")
    hostname_verify: bool = setting(True, "With tls=on: refuse a certificate of another host name.")

    @model_validator(mode="after")
    def _has_tls_for_its_files(self) -> "MySQLSettings":
        options = read_options(read(self.dsn.get_secret_value()).options)
        files = (self.tls_ca_file, self.tls_cert_file)
        if any(files) and self.tls == "off" and options.tls in (None, "off") and not options.ca_file:
            raise ValueError("sql_tls is off: without it the certificate files have no effect (set it to on)")
        return self
