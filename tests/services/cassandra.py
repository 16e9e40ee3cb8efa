"""Cassandra servers: one node, small, as fast to start as it can be."""

import json
import shutil
import socket
import ssl
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.services.process import Process, free_port, need

ROOT = Path(__file__).resolve().parents[2]
JARS = ROOT / ".cache" / "services" / "cassandra"
USER = PASSWORD = "cassandra"
"""The user that a new server makes for itself."""

_HEAP = "256M"
# What the server's own start script opens of Java 17's modules.
_OPENED = """
java.base: java.lang java.lang.module java.lang.ref java.lang.reflect java.io java.net java.nio java.util
java.util.concurrent java.util.concurrent.atomic jdk.internal.loader jdk.internal.ref jdk.internal.reflect
jdk.internal.math jdk.internal.misc jdk.internal.module jdk.internal.util.jar sun.nio.ch
jdk.management: com.sun.management.internal
java.rmi: sun.rmi.registry sun.rmi.server sun.rmi.transport.tcp
java.management.rmi: com.sun.jmx.remote.internal.rmi
java.sql: java.sql
jdk.unsupported: sun.misc
"""
_LOGBACK = """<configuration><appender name="O" class="ch.qos.logback.core.ConsoleAppender"><encoder>
<pattern>%d %level %msg%n</pattern></encoder></appender><root level="WARN"><appender-ref ref="O"/></root></configuration>"""
_FAST: dict[str, Any] = {
    "cassandra.skip_wait_for_gossip_to_settle": 0,
    "cassandra.ring_delay_ms": 100,
    "cassandra.superuser_setup_delay_ms": 0,
    "cassandra.allow_unsafe_join": "true",
    # A change of the schema is not written to disk at once: a crash just after it loses it.
    "cassandra.unsafesystem": "true",
}


class CassandraServer(Process):
    """One node that asks for a user and a password, those above at first, and for permissions.

    `options` are lines of its configuration, `properties` of Java's; `tls` is how a client speaks to it, if not in clear;
    `prefix` is a command to start it with. Values are durable when acknowledged,
    keyspaces and tables only with the property `cassandra.unsafesystem` false.
    """

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        *,
        properties: Mapping[str, Any] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        java = _java()
        need("Cassandra, or Java 17,", shutil.which(java) and any(JARS.glob("cassandra-all-*.jar")))
        self.port, self._storage_port = free_port(), free_port()
        self._options, self._properties = dict(options or {}), {**_FAST, **(properties or {})}
        self._tls = tls
        self.prefix: Sequence[str] = ()
        super().__init__(lambda folder: [*self.prefix, java, *self._arguments(folder)], lambda _: self._takes_logins())

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, Any]:
        """What a client needs to come in."""
        return {"hosts": ("127.0.0.1",), "port": self.port, "user": USER, "password": PASSWORD}

    def ask(self, statement: str) -> bytes:
        """Send a statement in CQL as the first user; return the body of the answer."""
        with self._connected() as connection:
            return ask(connection, statement)

    def _arguments(self, folder: Path) -> list[str]:
        # JSON is YAML too.
        (folder / "cassandra.yaml").write_text(json.dumps(self._configuration(folder)))
        (folder / "logback.xml").write_text(_LOGBACK)
        (folder / "tmp").mkdir(exist_ok=True)
        properties = {
            "cassandra.config": (folder / "cassandra.yaml").as_uri(),
            "cassandra.storagedir": folder / "data",
            "java.io.tmpdir": folder / "tmp",
            "jdk.attach.allowAttachSelf": "true",
            **self._properties,
        }
        machine = (f"-Xms{_HEAP}", f"-Xmx{_HEAP}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        defined = (f"-D{name}={value}" for name, value in properties.items())
        main = "org.apache.cassandra.service.CassandraDaemon"
        return [*machine, "-XX:+ExitOnOutOfMemoryError", *_opened(), *defined, "-cp", f"{folder}:{JARS}/*", main]

    def _configuration(self, folder: Path) -> dict[str, Any]:
        data = folder / "data"
        seeds = {"class_name": "org.apache.cassandra.locator.SimpleSeedProvider"}
        return {
            "cluster_name": "tarmac",
            "num_tokens": 1,
            "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
            "endpoint_snitch": "SimpleSnitch",
            "seed_provider": [seeds | {"parameters": [{"seeds": f"127.0.0.1:{self._storage_port}"}]}],
            "listen_address": "127.0.0.1",
            "rpc_address": "127.0.0.1",
            "storage_port": self._storage_port,
            "native_transport_port": self.port,
            "auto_bootstrap": False,
            "authenticator": "PasswordAuthenticator",
            "authorizer": "CassandraAuthorizer",
            "commitlog_sync": "batch",
            "disk_access_mode": "standard",
            "data_file_directories": [str(data / "sstables")],
            "commitlog_directory": str(data / "commitlog"),
            "saved_caches_directory": str(data / "caches"),
            "hints_directory": str(data / "hints"),
            "cdc_raw_directory": str(data / "cdc"),
            **self._options,
        }

    def _takes_logins(self) -> bool:
        """It listens a little before the first user may come in."""
        try:
            with self._connected() as connection:
                return log_in(connection)
        except (OSError, EOFError):
            return False

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as plain:
            if self._tls is None:
                yield plain
                return
            with self._tls.wrap_socket(plain, server_hostname="127.0.0.1") as encrypted:
                yield encrypted


def ask(connection: socket.socket, statement: str) -> bytes:
    """Send a statement as the first user; return the body of the answer. Raises RuntimeError with the server's words."""
    assert log_in(connection)
    text = statement.encode()
    opcode, body = _exchange(connection, 0x07, struct.pack(">i", len(text)) + text + b"\0\1\0")
    if opcode == 0:
        raise RuntimeError(body[6:].decode(errors="replace"))
    return body


def log_in(connection: socket.socket) -> bool:
    """Whether the first user may come in, or everybody."""
    options = b"".join(struct.pack(">H", len(text)) + text for text in (b"CQL_VERSION", b"3.0.0"))
    if _exchange(connection, 0x01, b"\0\1" + options)[0] == 0x02:
        return True
    token = f"\0{USER}\0{PASSWORD}".encode()
    return _exchange(connection, 0x0F, struct.pack(">i", len(token)) + token)[0] == 0x10


def _exchange(connection: socket.socket, opcode: int, body: bytes) -> tuple[int, bytes]:
    """Send a frame of the native protocol, version 4; return opcode and body of the answer."""
    connection.sendall(struct.pack(">BBhBi", 4, 0, 0, opcode, len(body)) + body)
    _, _, _, answer, length = struct.unpack(">BBhBi", _received(connection, 9))
    return answer, _received(connection, length)


def _received(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        if not (news := connection.recv(length - len(data))):
            raise EOFError("the server closed the connection")
        data += news
    return data


def _opened() -> Iterator[str]:
    module = ""
    for word in _OPENED.split():
        if word.endswith(":"):
            module = word.removesuffix(":")
        else:
            yield f"--add-opens={module}/{word}=ALL-UNNAMED"
            yield f"--add-exports={module}/{word}=ALL-UNNAMED"


def _java() -> str:
    """Java 17: later ones cannot run it."""
    found = sorted(Path("/usr/lib/jvm").glob("*17*/bin/java"))
    return str(found[0]) if found else "java of version 17"
