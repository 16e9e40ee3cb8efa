"""The operations, as a guest calls them, and what the sinks are told."""

import subprocess
import sys
from pathlib import Path

import pytest
from tarmac_metrics.metrics_pb2 import MetricsCounter, MetricsGauge, MetricsHistogram
from tarmac_metrics.plugin import MetricsPlugin

from tarmac_core.plugin import GuestMetric
from tarmac_core.testing import Answer, PluginHarness

REQUESTS = [
    ("counter", MetricsCounter(name=b"hits").SerializeToString(), ("counter", "hits", 1.0)),
    ("counter", b'{"name":"hits"}', ("counter", "hits", 1.0)),
    ("counter", b'\n {"NAME":"hits","other":[1]}', ("counter", "hits", 1.0)),
    ("gauge", MetricsGauge(name=b"depth", action=b"inc").SerializeToString(), ("gauge", "depth", 1.0)),
    ("gauge", b'{"name":"depth","action":"dec"}', ("gauge", "depth", -1.0)),
    ("histogram", MetricsHistogram(name=b"size", value=2.5).SerializeToString(), ("histogram", "size", 2.5)),
    ("histogram", b'{"name":"size","value":7}', ("histogram", "size", 7.0)),
    ("histogram", b'{"name":"size","value":null}', ("histogram", "size", 0.0)),
    ("counter", b'{"name":"0a:B_9"}', ("counter", "0a:B_9", 1.0)),
]


@pytest.mark.parametrize(("operation", "payload", "told"), REQUESTS)
async def test_both_forms_reach_the_sinks_and_are_answered_with_nothing(
    tmp_path: Path, operation: str, payload: bytes, told: tuple[object, ...]
) -> None:
    async with PluginHarness(MetricsPlugin, data_dir=tmp_path) as plugin:
        assert await (await plugin.capability()).call(operation, payload) == Answer(b"")
        (event,) = plugin.records.events
    assert isinstance(event, GuestMetric)
    assert (event.kind, event.name, event.value) == told


WRONG = [
    ("counter", b"", "invalid metric name"),
    ("counter", b'{"name":"a-b"}', "invalid metric name"),
    ("counter", b'{"name":"a\\n"}', "invalid metric name"),
    ("counter", MetricsCounter(name=b"\xff").SerializeToString(), "invalid metric name"),
    ("counter", b'{"name":"' + b"x" * 256 + b'"}', "invalid metric name"),
    ("gauge", b'{"name":"","action":"up"}', "invalid metric name"),
    ("gauge", b'{"name":"a","action":"up"}', "invalid action"),
    ("gauge", MetricsGauge(name=b"a").SerializeToString(), "invalid action"),
    (
        "histogram",
        MetricsHistogram(name=b"a", value=float("nan")).SerializeToString(),
        "invalid value: it must be finite",
    ),
    ("counter", b'{"name":7}', "unable to parse input JSON - name is not a string"),
    ("histogram", b'{"name":"a","value":"1"}', "unable to parse input JSON - value is not a number of 64 bits"),
    ("histogram", b'{"name":"a","value":NaN}', "unable to parse input JSON - NaN is not JSON"),
    ("counter", b" [1]", "unable to parse input JSON - not an object"),
    (
        "counter",
        b'{"http_server": wrong',
        "unable to parse input JSON - not JSON: Expecting value: line 1 column 17 (char 16)",
    ),
    *(
        ("counter", b'{"name":"' + name + b'"}', "metric name in use")
        for name in (
            b"http_server",
            b"wasm_callbacks_sum",
            b"service_routes",
            b"process_cpu_seconds_total",
            b"scrape_samples_scraped",
            b"tarmac_x",
            b"python_info",
        )
    ),
]


@pytest.mark.parametrize(("operation", "payload", "message"), WRONG)
async def test_what_is_wrong_is_said_in_the_originals_words(
    tmp_path: Path, operation: str, payload: bytes, message: str
) -> None:
    async with PluginHarness(MetricsPlugin, data_dir=tmp_path) as plugin:
        answer = await (await plugin.capability()).call(operation, payload)
        assert plugin.records.events == []
    assert (answer.is_ok, answer.error, answer.payload) == (False, message, b"")


@pytest.mark.parametrize("name", [b"process_orders", b"python_jobs", b"scrape_pages", b"http_servers"])
async def test_a_name_that_only_begins_like_one_of_ours_is_free(tmp_path: Path, name: bytes) -> None:
    async with PluginHarness(MetricsPlugin, data_dir=tmp_path) as plugin:
        assert (await (await plugin.capability()).call("counter", b'{"name":"%s"}' % name)).is_ok


@pytest.mark.parametrize("second", ["gauge", "histogram"])
async def test_a_name_stays_with_its_first_type(tmp_path: Path, second: str) -> None:
    async with PluginHarness(MetricsPlugin, data_dir=tmp_path) as plugin:
        metrics = await plugin.capability()
        assert (await metrics.call("counter", b'{"name":"a"}')).is_ok
        assert (await metrics.call(second, b'{"name":"a","action":"inc"}')).error == "metric name in use"
        assert (await metrics.call("counter", b'{"name":"a"}')).is_ok


@pytest.mark.parametrize("part", ["a_sum", "a_count", "a_bucket"])
async def test_no_two_metrics_have_a_series_in_common(tmp_path: Path, part: str) -> None:
    async with PluginHarness(MetricsPlugin, data_dir=tmp_path) as plugin:
        metrics = await plugin.capability()
        assert (await metrics.call("histogram", b'{"name":"a"}')).is_ok
        assert (await metrics.call("counter", b'{"name":"%s"}' % part.encode())).error == "metric name in use"
    async with PluginHarness(MetricsPlugin, data_dir=tmp_path) as plugin:
        metrics = await plugin.capability()
        assert (await metrics.call("counter", b'{"name":"%s"}' % part.encode())).is_ok
        assert (await metrics.call("histogram", b'{"name":"a"}')).error == "metric name in use"


async def test_a_name_that_begins_with_a_digit_does_not_meet_the_one_it_is_shown_under(tmp_path: Path) -> None:
    async with PluginHarness(MetricsPlugin, data_dir=tmp_path) as plugin:
        metrics = await plugin.capability()
        assert (await metrics.call("counter", b'{"name":"1a_sum"}')).is_ok
        assert (await metrics.call("gauge", b'{"name":"_1a_sum","action":"inc"}')).error == "metric name in use"
        assert (await metrics.call("histogram", b'{"name":"_1a"}')).error == "metric name in use"
        assert (await metrics.call("counter", b'{"name":"_1a_sum"}')).is_ok


async def test_a_function_brings_no_more_names_than_it_may_and_keeps_those_it_has(tmp_path: Path) -> None:
    async with PluginHarness(MetricsPlugin, {"max_series_per_function": "2"}, data_dir=tmp_path) as plugin:
        metrics = await plugin.capability()
        assert [(await metrics.call("counter", b'{"name":"n%d"}' % n)).is_ok for n in range(3)] == [True, True, False]
        refused = await metrics.call("counter", b'{"name":"n9"}')
        assert "has 2 (metrics_max_series_per_function)" in refused.error
        assert (await metrics.call("counter", b'{"name":"n1"}')).is_ok


def test_protobuf_is_not_loaded_before_it_is_used() -> None:
    program = "import sys, tarmac_metrics.plugin; sys.exit('google.protobuf' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
