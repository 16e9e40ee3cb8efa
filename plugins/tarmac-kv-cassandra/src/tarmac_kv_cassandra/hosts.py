"""Names of hosts and the addresses behind them, looked up at the start; it blocks, and runs in a thread."""

import socket

from tarmac_core.plugin import Log
from tarmac_kv_cassandra.address import Address
from tarmac_kv_cassandra.faults import CassandraOpenError
from tarmac_kv_cassandra.settings import CassandraSettings


def resolved(settings: CassandraSettings, log: Log) -> tuple[list[tuple[str, int]], dict[str, str]]:
    """The addresses of the hosts, and the hosts' names by address. Raises `CassandraOpenError` if none can be resolved."""
    found: list[tuple[str, int]] = []
    names: dict[str, str] = {}
    faults: list[str] = []
    for address in settings.addresses:
        try:
            ips = _ips(address)
        except OSError as error:
            faults.append(f"the host name {address.host} cannot be resolved: {error.strerror}")
            continue
        found += [(ip, address.port) for ip in ips]
        names |= dict.fromkeys(ips, address.host)
    if not found:
        raise CassandraOpenError(settings.place, "; ".join(faults))
    for fault in faults:
        log.warning("cassandra_hosts: %s", fault)
    return found, names


def _ips(address: Address) -> list[str]:
    answers = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
