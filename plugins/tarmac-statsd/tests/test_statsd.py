"""A real StatsD daemon over both protocols, a daemon that is away, and one that never reads."""

import socket
import subprocess
import sys
import time
from asyncio import sleep
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_statsd.plugin import StatsdPlugin, StatsdSettings

from tarmac_core.plugin import (
    CallFinished,
    GuestMetric,
    HostCallFinished,
    Observer,
    PoolChanged,
    RequestFinished,
    RoutesServed,
    TaskFinished,
)
from tarmac_core.testing import PluginHarness
from tests.services.process import free_port
from tests.services.sinks import Statsd, until


def tell(sink: Observer) -> None:
    sink.request_finished(RequestFinished("GET", "/users/:id", 200, 1.5, "r", "lookup"))
    sink.call_finished(CallFinished("lookup", "s", "http", "ok", 2.25, "r"))
    sink.host_call_finished(HostCallFinished("lookup", "tarmac", "kvstore", "get", 200, 0.125, "redis"))
    sink.host_call_finished(HostCallFinished("lookup", "x", "", "made|up:name", 404, 0.5))
    sink.task_finished(TaskFinished("load", "scheduled_task", "ok", 30.0))
    sink.pool_changed(PoolChanged("lookup", 3, 1, 2, 5, 65536))
    sink.routes_served(RoutesServed("shop", "http", 4))
    for _ in range(3):
        sink.guest_metric(GuestMetric("lookup", "counter", "my:hits", 1.0))
    for step in (1.0, -1.0, -1.0):
        sink.guest_metric(GuestMetric("lookup", "gauge", "depth", step))
    sink.guest_metric(GuestMetric("lookup", "histogram", "size", 7.5))


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
async def test_a_real_daemon_receives_everything(tmp_path: Path, protocol: str) -> None:
    with Statsd(protocol) as daemon:
        settings = {"addr": daemon.address, "protocol": protocol, "prefix": "t"}
        async with PluginHarness(StatsdPlugin, settings, data_dir=tmp_path) as plugin:
            tell(await plugin.observer())
            until(lambda: "t.size" in daemon.read("timers"))
            counters, gauges, timers = (daemon.read(kind) for kind in ("counters", "gauges", "timers"))
    for text in (
        "'t.my_hits': 3",
        "'t.function_calls.lookup.ok': 1",
        "'t.http_answers.200': 1",
        "'t.host_calls.redis.200': 1",
        "'t.host_calls.unknown.404': 1",
        "'t.task_runs.load.ok': 1",
    ):
        assert text in counters
    for text in (
        "'t.depth': -1",
        "'t.service_routes.shop.http': 4",
        "'t.pool_instances.lookup': 3",
        "'t.pool_waiting.lookup': 2",
        "'t.engine_instances.lookup': 5",
        "'t.engine_memory_bytes.lookup': 65536",
    ):
        assert text in gauges
    for name, value in {
        "http_server.users_id.GET.lookup": "1.5",
        "wasm_functions.lookup": "2.25",
        "wasm_callbacks.kvstore.get": "0.125",
        "wasm_callbacks.unknown.unknown": "0.5",
        "scheduled_tasks.load": "30",
        "size": "7.5",
    }.items():
        assert f"'t.{name}': [ {value} ]" in timers
    assert "bad_lines_seen': 0" in counters


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
async def test_what_waits_at_the_stop_is_sent(tmp_path: Path, protocol: str) -> None:
    with Statsd(protocol) as daemon:
        settings = {"addr": daemon.address, "protocol": protocol, "prefix": "", "flush_interval_ms": 60_000}
        async with PluginHarness(StatsdPlugin, settings, data_dir=tmp_path) as plugin:
            tell(await plugin.observer())
        until(lambda: "my_hits: 3" in daemon.read("counters"))


async def test_a_daemon_that_comes_later_gets_what_waited_and_the_number_dropped(tmp_path: Path) -> None:
    daemon = Statsd("tcp")
    settings = {"addr": daemon.address, "protocol": "tcp", "queue_length": 10, "flush_interval_ms": 10}
    async with PluginHarness(StatsdPlugin, settings, data_dir=tmp_path) as plugin:
        sink = await plugin.observer()
        for _ in range(35):
            sink.guest_metric(GuestMetric("f", "counter", "hits", 1.0))
        until(lambda: plugin.messages(30))
        assert f"StatsD at tcp {daemon.address} cannot be reached" in plugin.messages(30)[0]
        with daemon:
            until(lambda: "'tarmac.statsd.dropped': 25" in daemon.read("counters"))
            assert "'tarmac.hits': 10" in daemon.read("counters")
            daemon.kill()
            for _ in range(20):
                sink.guest_metric(GuestMetric("f", "counter", "more", 1.0))
                await sleep(0.02)
            daemon.start()

            def arrives() -> bool:
                sink.guest_metric(GuestMetric("f", "counter", "again", 1.0))
                return "'tarmac.again'" in daemon.read("counters")

            until(arrives)


async def test_the_loop_never_waits_for_a_daemon_that_does_not_read(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        settings = {"addr": f"127.0.0.1:{deaf.getsockname()[1]}", "protocol": "tcp", "timeout_s": 0.5}
        async with PluginHarness(StatsdPlugin, {**settings, "flush_interval_ms": 1}, data_dir=tmp_path) as plugin:
            sink = await plugin.observer()
            longest_s = 0.0
            for _ in range(300):
                began_s = time.monotonic()
                for _ in range(200):
                    sink.guest_metric(GuestMetric("f", "counter", "hits" * 50, 1.0))
                longest_s = max(longest_s, time.monotonic() - began_s)
                await sleep(0.001)
        assert longest_s < 0.2


async def test_influx_tags_stand_behind_the_name(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        settings = {"addr": f"127.0.0.1:{daemon.getsockname()[1]}", "tags": "influx"}
        async with PluginHarness(StatsdPlugin, settings, data_dir=tmp_path) as plugin:
            (await plugin.observer()).request_finished(RequestFinished("GET", "/", 200, 1.5, "r", "home"))
        lines = daemon.recv(65_536).decode().splitlines()
    assert lines == [
        "tarmac.http_server,path=_,method=GET,function=home:1.500000|ms",
        "tarmac.http_answers,code=200:1|c",
    ]


async def test_without_an_address_there_is_no_observer(tmp_path: Path) -> None:
    async with PluginHarness(StatsdPlugin, data_dir=tmp_path) as plugin:
        assert plugin.declared.observers == ()


@pytest.mark.parametrize("addr", ["localhost", ":8125", "localhost:", "localhost:99999", "localhost:x"])
def test_an_address_without_host_or_port_is_a_problem(addr: str) -> None:
    with pytest.raises(ValidationError, match="must be host:port, such as localhost:8125"):
        StatsdSettings.model_validate({"addr": addr})


def test_ipv6_is_written_in_brackets() -> None:
    settings: Any = StatsdSettings.model_validate({"addr": "[::1]:8125"})
    assert (settings.host, settings.port) == ("::1", 8125)


async def test_a_name_that_does_not_resolve_is_logged_and_nothing_else_fails(tmp_path: Path) -> None:
    settings = {"addr": f"no-such-host.invalid:{free_port()}", "flush_interval_ms": 10}
    async with PluginHarness(StatsdPlugin, settings, data_dir=tmp_path) as plugin:
        tell(await plugin.observer())
        until(lambda: plugin.messages(30))
    assert "no-such-host.invalid" in plugin.messages(30)[0]
    assert "were not sent before the stop" in plugin.messages(30)[-1]


def test_the_driver_is_not_loaded_before_it_is_used() -> None:
    program = "import sys, tarmac_statsd.plugin; sys.exit('statsd' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
