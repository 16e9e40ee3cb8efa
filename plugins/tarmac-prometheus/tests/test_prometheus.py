"""A real Prometheus scrapes a real server whose guests count."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import wasmtime
from prometheus_client.parser import text_string_to_metric_families
from tarmac_metrics.names import Names
from tarmac_prometheus.plugin import PrometheusPlugin, PrometheusSettings

from tarmac_core.plugin import (
    CallFinished,
    Event,
    GuestMetric,
    HostCallError,
    HostCallFinished,
    PoolChanged,
    RequestFinished,
    RoutesServed,
    TaskFinished,
)
from tarmac_core.testing import PluginHarness
from tests.services.sinks import Prometheus, until
from tests.together.server import Server, listening, write_manifest

DASHBOARD = Path(__file__).resolve().parents[3] / "docs" / "grafana" / "tarmac.json"
# Gives its request to one operation of the capability `metrics`, and answers with nothing or fails.
GUEST = """(module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_error_len" (func $error_len (result i32)))
  (import "wapc" "__host_error" (func $read_error (param i32)))
  (import "wapc" "__guest_error" (func $error (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "tarmacmetrics{operation}")
  (func (export "__guest_call") (param $operation i32) (param $length i32) (result i32)
    (call $request (i32.const 512) (i32.const 1024))
    (if (result i32) (call $call (i32.const 0) (i32.const 6) (i32.const 6) (i32.const 7) (i32.const 13)
        (i32.const {length}) (i32.const 1024) (local.get $length))
      (then (i32.const 1))
      (else
        (call $read_error (i32.const 4096))
        (call $error (i32.const 4096) (call $error_len))
        (i32.const 0)))))
"""


def everything() -> list[Event]:
    """One event of each kind, and each kind of guest metric."""
    return [
        RequestFinished("GET", "/users/:id", 200, 1.5, "r", "lookup"),
        CallFinished("lookup", "s", "http", "ok", 2.25, "r"),
        HostCallFinished("lookup", "default", "kvstore", "get", 200, 0.125, "kvstore"),
        HostCallFinished("lookup", "x", "", "made up", 404, 0.5),
        TaskFinished("load", "scheduled_task", "ok", 30.0),
        PoolChanged("lookup", 3, 1, 2, 5, 65536),
        RoutesServed("shop", "http", 4),
        GuestMetric("lookup", "counter", "hits", 1.0),
        GuestMetric("lookup", "counter", "9lives", 1.0),
        GuestMetric("lookup", "gauge", "depth", -1.0),
        GuestMetric("lookup", "histogram", "size", 7.5),
    ]


async def page_of(folder: Path, events: list[object], **settings: object) -> str:
    """The page after these events, each told to the method of its name."""
    async with PluginHarness(PrometheusPlugin, settings, data_dir=folder) as plugin:
        sink = await plugin.observer()
        for event in events:
            getattr(sink, re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower())(event)
        answer = await plugin.request("GET", "/metrics")
        assert (answer.code, dict(answer.headers)["Content-Type"].split(";")[0]) == (200, "text/plain")
        return answer.body.decode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a function for each operation, and what they counted."""
    folder = tmp_path_factory.mktemp("metrics")
    operations = ("counter", "gauge", "histogram")
    for name in operations:
        text = GUEST.replace("{operation}", name).replace("{length}", str(len(name)))
        (folder / f"{name}.wasm").write_bytes(wasmtime.wat2wasm(text))
    routes = [{"type": "http", "path": f"/{name}/:any", "methods": ["POST"], "function": name} for name in operations]
    write_manifest(folder, {name: {"filepath": f"{name}.wasm"} for name in operations}, routes)
    with listening(folder, "tarmac.json") as running:
        for _ in range(3):
            assert running.ask(b'{"name":"orders"}', "/counter/1").code == 200
            assert running.ask(b'{"name":"open","action":"inc"}', "/gauge/2").code == 200
        assert running.ask(b'{"name":"size","value":2.5}', "/histogram/3").code == 200
        yield running


def test_a_real_prometheus_reads_all_series(server: Server) -> None:
    with Prometheus(server.port) as prometheus:

        def value(expression: str) -> float:
            return float(until(lambda: prometheus.query(expression))[0]["value"][1])

        assert value("orders") == 3
        assert value("open") == 3
        assert value("size_sum") == 2.5
        assert value('http_server_count{path="/counter/:any",method="POST",function="counter"}') == 3
        assert value('wasm_functions_count{route="gauge:handler",function="gauge"}') == 3
        assert value('wasm_callbacks_count{callback="tarmac:counter",capability="metrics",function="counter"}') == 3
        assert value('tarmac_pool_instances{function="gauge"}') == 1
        assert value('tarmac_engine_instances_total{function="gauge"}') == 1
        assert value('tarmac_engine_memory_bytes{function="gauge"}') == 65536
        assert value('sum(service_routes{type="http"})') == 3
        assert value('tarmac_host_calls_total{plugin="metrics",capability="metrics",operation="counter"}') == 3
        assert value("process_resident_memory_bytes") > 1_000_000
        assert value("histogram_quantile(0.9, rate(wasm_functions_bucket[1m])) or vector(1)") > 0
        types = prometheus.ask("metadata", metric="orders")
        assert types["orders"][0]["type"] == "counter"


def test_a_guest_learns_why_a_name_is_refused(server: Server) -> None:
    for name in ("http_server", "open"):
        answer = server.ask(json.dumps({"name": name}).encode(), "/counter/1")
        assert (answer.code, answer.body) == (500, b"failed to execute wasm module - metric name in use")


async def test_every_event_has_its_series_and_the_page_is_readable(tmp_path: Path) -> None:
    text = await page_of(tmp_path, list(everything()))
    values = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert values["http_server_sum", ("function", "lookup"), ("method", "GET"), ("path", "/users/:id")] == 1.5
    assert (
        values["http_server_bucket", ("function", "lookup"), ("le", "1.0"), ("method", "GET"), ("path", "/users/:id")]
        == 0
    )
    assert (
        values["http_server_bucket", ("function", "lookup"), ("le", "2.5"), ("method", "GET"), ("path", "/users/:id")]
        == 1
    )
    assert values["tarmac_http_answers_total", ("code", "200"), ("method", "GET"), ("path", "/users/:id")] == 1
    labels = (("callback", "tarmac:get"), ("capability", "kvstore"), ("function", "lookup"))
    assert values["wasm_callbacks_sum", *labels] == 0.125
    assert values["wasm_callbacks_sum", ("callback", "unknown"), ("capability", ""), ("function", "lookup")] == 0.5
    assert values["scheduled_tasks_sum", ("tasks", "load")] == 30
    host_call = (("capability", "kvstore"), ("code", "200"), ("operation", "get"), ("plugin", "kvstore"))
    assert values["tarmac_host_calls_total", *host_call] == 1
    assert values["service_routes", ("service", "shop"), ("type", "http")] == 4
    assert values["tarmac_engine_instances_total", ("function", "lookup")] == 5
    assert values["tarmac_engine_memory_bytes", ("function", "lookup")] == 65536
    assert values["tarmac_pool_waiting", ("function", "lookup")] == 2
    assert (values["depth",], values["size_sum",]) == (-1, 7.5)
    # The library's own reader would put `_total` behind these.
    assert {"# TYPE hits counter", "hits 1.0", "# TYPE _9lives counter", "_9lives 1.0"} <= set(text.splitlines())
    assert "made up" not in text
    assert "_created" not in text


async def test_guests_cannot_take_a_name_of_the_page(tmp_path: Path) -> None:
    text = await page_of(tmp_path, list(everything()[:7]))
    names = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
    assert len(names) > 20
    for name in names:
        with pytest.raises(HostCallError, match="metric name in use"):
            Names(10).claim("counter", name, "f")


async def test_two_servers_in_one_process_share_no_series(tmp_path: Path) -> None:
    async with PluginHarness(PrometheusPlugin, data_dir=tmp_path) as one:
        (await one.observer()).guest_metric(GuestMetric("f", "counter", "hits", 1.0))
        async with PluginHarness(PrometheusPlugin, data_dir=tmp_path) as other:
            (await other.observer()).guest_metric(GuestMetric("f", "gauge", "hits", 1.0))
            first, second = [(await each.request("GET", "/metrics")).body for each in (one, other)]
    assert b"# TYPE hits counter" in first
    assert b"# TYPE hits gauge" in second


async def test_process_series_can_be_switched_off(tmp_path: Path) -> None:
    assert "process_" not in await page_of(tmp_path, [], process_series="false")


async def test_before_it_is_open_and_after_it_is_closed_there_is_no_page(tmp_path: Path) -> None:
    async with PluginHarness(PrometheusPlugin, data_dir=tmp_path) as plugin:
        assert (await plugin.request("GET", "/metrics")).code == 503


def test_buckets_that_do_not_ascend_are_a_problem() -> None:
    assert PrometheusSettings.model_validate({"buckets_ms": "1, 2.5 10"}).buckets_ms == (1, 2.5, 10)
    with pytest.raises(ValueError, match="must ascend"):
        PrometheusSettings.model_validate({"buckets_ms": "1 1"})


async def test_the_dashboard_shows_only_series_that_exist(tmp_path: Path) -> None:
    text = await page_of(tmp_path, list(everything()))
    known = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
    board = json.loads(DASHBOARD.read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(expressions) >= 10
    for expression in expressions:
        used = set(re.findall(r"\b([a-z_]+)(?=[{\[])", expression))
        assert used
        assert used <= known, expression


def test_the_library_is_not_loaded_before_it_is_used() -> None:
    program = "import sys, tarmac_prometheus.plugin; sys.exit('prometheus_client' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


async def test_a_long_page_lets_the_loop_do_other_work_and_is_one_page(tmp_path: Path) -> None:
    functions = [f"function{number}" for number in range(1000)]
    async with PluginHarness(PrometheusPlugin, data_dir=tmp_path) as plugin:
        sink = await plugin.observer()
        for name in functions:
            sink.call_finished(CallFinished(name, "s", "http", "ok", 2.25, "r"))
        turns = 0
        showing = asyncio.create_task(plugin.request("GET", "/metrics"))
        while not showing.done():
            await asyncio.sleep(0)
            turns += 1
            if turns == 5:
                sink.call_finished(CallFinished("late", "s", "http", "ok", 2.25, "r"))
        text = (await showing).body.decode()
    assert turns > 40
    assert [line for line in text.splitlines() if line.startswith("# TYPE wasm_functions ")] == [
        "# TYPE wasm_functions histogram"
    ]
    counted = {sample.labels["function"] for family in text_string_to_metric_families(text) for sample in family.samples
               if sample.name == "wasm_functions_count"}  # fmt: skip
    assert counted == set(functions)
