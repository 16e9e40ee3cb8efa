"""Redis servers and sentinels."""

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.services.process import Process, free_port

_READY = "Ready to accept connections"


class RedisServer(Process):
    """One `redis-server` without files on disk unless `options` say otherwise.

    `options` are lines of its configuration by name; `users` are ACL rules, each `NAME RULE...`. With `tls` the port speaks
    TLS only.
    """

    def __init__(
        self, options: Mapping[str, str] | None = None, *, users: Sequence[str] = (), tls: bool = False
    ) -> None:
        self.port = free_port()
        ports = {"port": "0", "tls-port": str(self.port)} if tls else {"port": str(self.port)}
        lines = {"bind": "127.0.0.1", **ports, "save": '""', "repl-diskless-sync-delay": "0", **(options or {})}
        text = [f"{name} {value}" for name, value in lines.items()] + [f"user {user}" for user in users]
        super().__init__(lambda folder: _server(folder, text), lambda output: _READY in output)

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def ask(self, line: str) -> str:
        """Send one command in a line, without TLS; return the first answer."""
        return ask(self.port, line)


class RedisSentinel(Process):
    """One sentinel that watches `primary` as `main` and alone decides that it is down."""

    def __init__(self, primary: RedisServer, options: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        watch = {
            "sentinel monitor": f"main 127.0.0.1 {primary.port} 1",
            "sentinel down-after-milliseconds": "main 500",
            "sentinel failover-timeout": "main 3000",
        }
        lines = {"bind": "127.0.0.1", "port": str(self.port), **watch, **(options or {})}
        text = [f"{name} {value}" for name, value in lines.items()]
        super().__init__(lambda folder: [*_server(folder, text), "--sentinel"], lambda output: "+monitor" in output)

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def ask(self, line: str, *, password: str = "") -> str:
        """Send one command in a line; return the first answer."""
        return ask(self.port, line, password=password)


def tls_options(files: Path, certificate: str, *, clients: str = "yes") -> dict[str, str]:
    """Options for TLS with PEM files in a folder: `ca.pem`, and the server's certificate with its key."""
    paths = {"tls-cert-file": certificate, "tls-key-file": certificate, "tls-ca-cert-file": "ca.pem"}
    return {**{name: str(files / path) for name, path in paths.items()}, "tls-auth-clients": clients}


def _server(folder: Path, lines: Sequence[str]) -> list[str]:
    path = folder / "redis.conf"
    # A sentinel keeps what it learns in its file.
    if not path.exists():
        path.write_text("\n".join([f"dir {folder}", *lines]) + "\n")
    return ["redis-server", str(path)]


def ask(port: int, line: str, *, password: str = "") -> str:
    """Send an inline command to a port of 127.0.0.1; return what the first packet of the answer says."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        if password:
            connection.sendall(f"AUTH {password}\r\n".encode())
            connection.recv(1000)
        connection.sendall(line.encode() + b"\r\n")
        return connection.recv(65_536).decode(errors="replace")
