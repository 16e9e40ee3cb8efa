"""A store's server that is killed, comes back or hangs, behind the whole server: what clients, probes and data come to."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tarmac_kv.kvstore_pb2 import KVStoreGet, KVStoreGetResponse, KVStoreSet

from tests.services.process import Process
from tests.services.stores import SERVERS, lines
from tests.together.server import Server, listening, write_manifest
from tests.unit.dispatch.guests import RELAY, host_call, outcome

TIMEOUT_MS = 5000
WRITERS = 8


@dataclass
class Running:
    """A server on a store whose server can be harmed."""

    tarmac: Server
    store: Process

    def set(self, key: bytes) -> int:
        """Store a key as its own value; the status of the answer, 500 where the guest was told of a failure."""
        request = KVStoreSet(key=key, data=key).SerializeToString()
        answer = self.tarmac.ask(host_call("", "kvstore", "set", request), "/relay")
        return answer.code if answer.code != 200 or outcome(answer.body)[0] else 500

    def holds(self, key: bytes) -> bool:
        """Whether the key has its value."""
        request = KVStoreGet(key=key).SerializeToString()
        answer = self.tarmac.ask(host_call("", "kvstore", "get", request), "/relay")
        return KVStoreGetResponse.FromString(outcome(answer.body)[2]).data == key

    def ready(self) -> tuple[int, dict[str, str]]:
        """The readiness probe: status, and what it says is wrong."""
        answer = self.tarmac.ask(path="/ready?verbose", method="GET")
        return answer.code, json.loads(answer.body)["problems"]


@pytest.fixture(params=SERVERS)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """Functions that do the host call that they are sent, on a real server's store."""
    backend: str = request.param
    (tmp_path / "relay.wasm").write_bytes(RELAY)
    write_manifest(tmp_path, {"relay": {"filepath": "relay.wasm", "timeout_ms": TIMEOUT_MS}})
    with SERVERS[backend](tmp_path) as store:
        assert store.server is not None
        (tmp_path / "config.toml").write_text("\n".join(lines(backend, store)))
        with listening(tmp_path, "tarmac.json", "--config", "config.toml") as tarmac:
            yield Running(tarmac, store.server)
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
    running.store.kill()
    problems = until(running, 503)
    assert list(problems) == ["kvstore default", "kvstore second"]
    before = len(load.acknowledged)
    running.store.start()
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
    running.store.pause()
    try:
        problems = until(running, 503)
        began_s = time.monotonic()
        assert running.set(b"meanwhile") in (500, 504)
        assert time.monotonic() - began_s < TIMEOUT_MS / 1000 + 2
        assert running.tarmac.ask(path="/health", method="GET").code == 200
    finally:
        running.store.resume()
    assert set(problems) <= {"kvstore default", "kvstore second"}
    until(running, 200)
    assert running.set(b"after") == 200
    assert running.holds(b"before")
