"""Keys with the prefix `sql_` for PostgreSQL."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr
from tarmac_sql import SQLStoreSettings

from tarmac_core.plugin import setting
from tarmac_sql_postgres.address import read


def _readable(dsn: SecretStr) -> SecretStr:
    read(dsn.get_secret_value())
    return dsn


class PostgresSettings(SQLStoreSettings):
    """Keys with the prefix `sql_`; what they share with options of the DSN, the DSN's option says."""

    dsn: Annotated[SecretStr, AfterValidator(_readable)] = setting(
        SecretStr(""),
        "The server: postgres://user:password@host:5432/database?sslmode=verify-full, or keywords "
        "(host=... user=... dbname=...). Without sslmode it is require.",
    )
    connect_timeout: int = setting(10, "Longest time to connect and log in.", unit="s", ge=2, le=600)
    keepalive: int = setting(300, "TCP keepalive after this time without traffic; 0 is off.", unit="s", ge=0, le=32_767)
