"""A store's server that is killed, comes back or hangs, behind the whole server: what clients, probes and data come to."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from google.protobuf.message import Message
from tarmac_kv.kvstore_pb2 import KVStoreGet, KVStoreGetResponse, KVStoreSet
from tarmac_sql.sql_pb2 import SQLExec, SQLQuery, SQLQueryResponse, Value

from tests.services import databases, stores
from tests.services.process import Process
from tests.together.server import Answer, Server, listening, write_manifest
from tests.unit.dispatch.guests import RELAY, host_call, outcome

TIMEOUT_MS = 5000
WRITERS = 8


@dataclass
class Running:
    """A server on a store or database whose server can be harmed."""

    tarmac: Server
    server: Process
    capability: str

    def set(self, key: bytes) -> int:
        """Store a key as its own value; the status of the answer, 500 where the guest was told of a failure."""
        if self.capability == "kvstore":
            answer = self._ask("set", KVStoreSet(key=key, data=key))
        else:
            answer = self._ask("exec", SQLExec(query=b"INSERT INTO t VALUES (?)", args=[Value(text=key.decode())]))
        return answer.code if answer.code != 200 or outcome(answer.body)[0] else 500

    def holds(self, key: bytes) -> bool:
        """Whether the key has its value."""
        if self.capability == "kvstore":
            payload = outcome(self._ask("get", KVStoreGet(key=key)).body)[2]
            return KVStoreGetResponse.FromString(payload).data == key
        request = SQLQuery(query=b"SELECT name FROM t WHERE name = ?", args=[Value(text=key.decode())])
        payload = outcome(self._ask("query", request).body)[2]
        return SQLQueryResponse.FromString(payload).data == b'[{"name":"%b"}]' % key

    def make(self) -> None:
        """Make the table, where the store needs one."""
        if self.capability == "sql":
            answer = self._ask("exec", SQLExec(query=b"CREATE TABLE t (name VARCHAR(50) PRIMARY KEY)"))
            assert outcome(answer.body)[0], answer.body

    def ready(self) -> tuple[int, dict[str, str]]:
        """The readiness probe: status, and what it says is wrong."""
        answer = self.tarmac.ask(path="/ready?verbose", method="GET")
        return answer.code, json.loads(answer.body)["problems"]

    def _ask(self, operation: str, request: Message) -> Answer:
        payload = host_call("", self.capability, operation, request.SerializeToString())
        return self.tarmac.ask(payload, "/relay")


@contextmanager
def _configured(capability: str, backend: str, folder: Path) -> Iterator[tuple[Process | None, list[str]]]:
    if capability == "kvstore":
        with stores.SERVERS[backend](folder) as store:
            yield store.server, stores.lines(backend, store)
    else:
        with databases.SERVERS[backend](folder) as database:
            yield database.server, databases.lines(backend, database)


@pytest.fixture(
    params=[*(("kvstore", name) for name in stores.SERVERS), *(("sql", name) for name in databases.SERVERS)],
    ids="-".join,
)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """Functions that do the host call that they are sent, on a real server."""
    capability, backend = request.param
    (tmp_path / "relay.wasm").write_bytes(RELAY)
    write_manifest(tmp_path, {"relay": {"filepath": "relay.wasm", "timeout_ms": TIMEOUT_MS}})
    with _configured(capability, backend, tmp_path) as (server, lines):
        assert server is not None
        (tmp_path / "config.toml").write_text("\n".join(lines))
        with listening(tmp_path, "tarmac.json", "--config", "config.toml") as tarmac:
            harmed = Running(tarmac, server, capability)
            harmed.make()
            yield harmed
            assert tarmac.stop() == 0


@dataclass
class Load:
    """Clients that store one key after the other until they are stopped."""

    running: Running
    acknowledged: list[bytes] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    slowest_s: float = 0.0

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(writer,)) for writer in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def _write(self, writer: int) -> None:
        number = 0
        while not self._stopped.is_set():
            key = b"%d-%d" % (writer, number)
            began_s = time.monotonic()
            code = self.running.set(key)
            self.slowest_s = max(self.slowest_s, time.monotonic() - began_s)
            if code == 200:
                self.acknowledged.append(key)
            else:
                self.failures.append(code)
                time.sleep(0.02)
            number += 1

    def stop(self) -> None:
        """Let every client finish what it does."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()


def until(running: Running, code: int, limit_s: float = 60) -> dict[str, str]:
    """Wait until the readiness probe answers with a status, and return what it says is wrong."""
    end = time.monotonic() + limit_s
    while (told := running.ready())[0] != code:
        assert time.monotonic() < end, told
        time.sleep(0.1)
    return told[1]


def test_a_killed_server_fails_calls_in_time_and_later_ones_succeed_with_nothing_lost(running: Running) -> None:
    load = Load(running)
    time.sleep(0.5)
    running.server.kill()
    problems = until(running, 503)
    assert set(problems) <= {f"{running.capability} default", f"{running.capability} second"}
    before = len(load.acknowledged)
    running.server.start()
    assert until(running, 200) == {}
    time.sleep(1)
    load.stop()
    assert before > 0
    assert len(load.acknowledged) > before
    assert set(load.failures) <= {500, 504}
    assert load.failures
    assert load.slowest_s < TIMEOUT_MS / 1000 + 2
    assert [key for key in load.acknowledged if not running.holds(key)] == []


def test_a_hung_server_makes_the_server_unready_and_calls_fail_in_time(running: Running) -> None:
    assert running.set(b"before") == 200
    running.server.pause()
    try:
        problems = until(running, 503)
        began_s = time.monotonic()
        assert running.set(b"meanwhile") in (500, 504)
        assert time.monotonic() - began_s < TIMEOUT_MS / 1000 + 2
        assert running.tarmac.ask(path="/health", method="GET").code == 200
    finally:
        running.server.resume()
    assert set(problems) <= {f"{running.capability} default", f"{running.capability} second"}
    until(running, 200)
    assert running.set(b"after") == 200
    assert running.holds(b"before")
