"""Keys with the prefix `cassandra_`."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, SecretStr, model_validator

from tarmac_core.plugin import PluginSettings, setting
from tarmac_kv_cassandra.address import Address, parse_address

CASSANDRA_PORT = 9042
CONSISTENCIES = ("one", "two", "three", "quorum", "all", "local_quorum", "local_one")
_NAME = re.compile(r"[A-Za-z0-9_]{1,48}")


def _hosts(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        parse_address(text, CASSANDRA_PORT)
    return texts


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("is not a name of 1 to 48 letters, digits and underscores")
    return text


def _consistency(text: str) -> str:
    name = text.strip().lower() or "quorum"
    if name not in CONSISTENCIES:
        raise ValueError(f"is none of {', '.join(CONSISTENCIES)}")
    return name


def _strategy(value: object) -> object:
    return value or "SimpleStrategy"


Name = Annotated[str, AfterValidator(_name)]


class CassandraSettings(PluginSettings):
    """Nodes to begin with, the table, and how careful to be."""

    hosts: Annotated[tuple[str, ...], AfterValidator(_hosts)] = setting(
        ..., "Nodes to connect to first, each host or host:port, tried in turn; they tell of all others."
    )
    port: int = setting(CASSANDRA_PORT, "Port of the nodes; 0 is 9042.", ge=0, le=65_535)
    user: str = setting("", "User, if the cluster asks for one.")
    password: SecretStr = setting(SecretStr(""), "Password of the user.")
    keyspace: Name = setting("tarmac", "Keyspace; made if it is missing.")
    table: Name = setting("hord", "Table; made if it is missing.")
    consistency: Annotated[str, AfterValidator(_consistency)] = setting(
        "quorum", f"How many replicas must have answered: {', '.join(CONSISTENCIES)}."
    )
    repl_strategy: Annotated[Literal["SimpleStrategy", "NetworkTopologyStrategy"], BeforeValidator(_strategy)] = (
        setting("SimpleStrategy", "Replication of a keyspace that is made: SimpleStrategy, NetworkTopologyStrategy.")
    )
    replicas: int = setting(
        1, "Copies of each value in a keyspace that is made; per data centre with the latter.", ge=1
    )
    local_dc: str = setting("", "Data centre whose nodes are asked; empty is that of the first host that answers.")
    tls: bool = setting(False, "Speak TLS with the nodes.")
    tls_ca_file: str = setting("", "PEM file of the authorities to trust, alone; empty trusts the system's.")
    tls_cert_file: str = setting("", "PEM file of the client's certificate, if the nodes ask for one.")
    tls_key_file: str = setting("", "PEM file of its key; empty is in tls_cert_file.")
    tls_verify: bool = setting(True, "Refuse a node whose certificate no trusted authority signed.")
    hostname_verify: bool = setting(
        True, "Refuse a certificate that does not name the node: its name in hosts, else its address."
    )
    connect_timeout: float = setting(5.0, "Longest time to connect to a node and log in.", unit="s", gt=0)
    request_timeout: float = setting(10.0, "Longest time until a request is answered.", unit="s", gt=0)
    pool_timeout: float = setting(5.0, "Longest wait while max_active others are on their way.", unit="s", gt=0)
    max_active: int = setting(1024, "Most requests on their way at once; further ones wait.", ge=1, le=8192)

    @model_validator(mode="after")
    def _is_whole(self) -> "CassandraSettings":
        if not self.hosts:
            raise ValueError("cassandra_hosts is empty: name at least one node")
        if self.user and not self.password.get_secret_value():
            raise ValueError("cassandra_password is not set: cassandra_user needs it")
        if self.password.get_secret_value() and not self.user:
            raise ValueError("cassandra_user is not set: cassandra_password needs it")
        if self.tls_key_file and not self.tls_cert_file:
            raise ValueError("cassandra_tls_cert_file is not set: cassandra_tls_key_file needs it")
        if (self.tls_ca_file or self.tls_cert_file) and not self.tls:
            raise ValueError("cassandra_tls is not set: without it the certificate files have no effect")
        return self

    @property
    def addresses(self) -> list[Address]:
        """The nodes to connect to first."""
        return [parse_address(text, self.port or CASSANDRA_PORT) for text in self.hosts]

    @property
    def place(self) -> str:
        """The nodes in words, for messages."""
        return f"cassandra_hosts {', '.join(map(str, self.addresses))}"
