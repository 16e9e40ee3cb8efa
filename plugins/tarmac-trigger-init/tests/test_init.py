"""Init functions: order, attempts, delays and what a failure does to the start."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable
from itertools import islice

import pytest
from pydantic import ValidationError
from tarmac_trigger_init import InitError, InitPlugin, InitRoute
from tarmac_trigger_init.plugin import delays_s

from tarmac_core.plugin import InvocationError, PluginSettings, TaskFinished
from tarmac_core.registry import StepError
from tarmac_core.testing import PluginHarness

Make = Callable[..., PluginHarness]
Answering = Callable[[str, bytes], bytes | Awaitable[bytes]]


def route(function: str, **fields: object) -> InitRoute:
    return InitRoute.model_validate({"type": "init", "function": function, **fields})


def failing(times: int) -> Callable[[str, bytes], bytes]:
    """Fail so often, then answer."""
    failures = iter(range(times))

    def answer(function: str, payload: bytes) -> bytes:
        if next(failures, None) is not None:
            raise InvocationError("guest", "not yet")
        return b""

    return answer


async def run(plugin: PluginHarness, *routes: InitRoute, answer: Answering | None = None) -> list[str]:
    """Open the trigger; returns the functions that were called."""
    plugin.records.answer = answer or (lambda function, payload: payload)
    await plugin.trigger(routes=routes)
    return [one.function for one in plugin.records.invoked]


def outcomes(plugin: PluginHarness) -> list[str]:
    return [event.outcome for event in plugin.records.events if isinstance(event, TaskFinished)]


async def test_functions_run_once_in_the_manifests_order_with_an_empty_payload(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(InitPlugin) as plugin:
        assert await run(plugin, route("b"), route("a"), route("b")) == ["b", "a", "b"]
    assert {(one.payload, one.origin, one.parent) for one in plugin.records.invoked} == {(b"", "init", None)}


async def test_each_function_ends_before_the_next_begins(tarmac_plugin: Make) -> None:
    running: list[str] = []

    async def slow(function: str, payload: bytes) -> bytes:
        assert running == []
        running.append(function)
        await asyncio.sleep(0.01)
        running.remove(function)
        return b""

    async with tarmac_plugin(InitPlugin) as plugin:
        assert await run(plugin, route("a"), route("b"), answer=slow) == ["a", "b"]


async def test_a_success_is_one_event_and_one_line(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(InitPlugin) as plugin:
        await run(plugin, route("seed"))
    (event,) = plugin.records.events
    assert isinstance(event, TaskFinished)
    assert (event.function, event.route_type, event.outcome) == ("seed", "init", "ok")
    assert 0 <= event.duration_ms < 1000
    (line,) = plugin.records.logged
    assert (line.levelno, line.getMessage()) == (logging.INFO, "Executing Init Function")
    assert line.__dict__["fields"]["function"] == "seed"


async def test_a_failure_is_tried_again_after_the_frequency(tarmac_plugin: Make) -> None:
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    async with tarmac_plugin(InitPlugin) as plugin:
        assert await run(plugin, route("seed", frequency=1, retries=3), answer=failing(1)) == ["seed"] * 2
    assert 0.8 <= loop.time() - started_s < 2
    assert outcomes(plugin) == ["ok"]
    line = next(record for record in plugin.records.logged if record.levelno == logging.ERROR)
    assert line.getMessage() == "Error executing Init Function: not yet"
    assert (line.__dict__["fields"]["function"], line.__dict__["fields"]["error"]) == ("seed", "not yet")


async def test_the_last_failure_ends_the_start_at_once_and_later_functions_do_not_run(tarmac_plugin: Make) -> None:
    started_s = asyncio.get_running_loop().time()
    async with tarmac_plugin(InitPlugin) as plugin:
        with pytest.raises(StepError, match="init function seed exceeded retries") as caught:
            await run(plugin, route("seed", frequency=30), route("next"), answer=failing(1))
    assert isinstance(caught.value.__cause__, InitError)
    assert asyncio.get_running_loop().time() - started_s < 1
    assert [one.function for one in plugin.records.invoked] == ["seed"]
    assert outcomes(plugin) == ["guest"]


async def test_attempts_are_retries_and_one(tarmac_plugin: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tarmac_trigger_init.plugin.delays_s", lambda *_: iter([0.001] * 3))
    async with tarmac_plugin(InitPlugin) as plugin:
        with pytest.raises(StepError):
            await run(plugin, route("seed", retries=3), answer=failing(10))
    assert len(plugin.records.invoked) == 4


async def test_a_stop_ends_the_wait_between_attempts(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(InitPlugin) as plugin:
        opening = asyncio.create_task(run(plugin, route("seed", frequency=30, retries=3), answer=failing(10)))
        await asyncio.sleep(0.05)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await plugin.close()
    assert len(plugin.records.invoked) == 1


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [(1, [1, 2, 4, 8, 16, 30, 30]), (0, [1, 2, 4]), (7, [7, 14, 28, 30]), (100, [30, 30])],
)
def test_delays_double_from_the_frequency_up_to_thirty_seconds(frequency: int, expected: list[float]) -> None:
    assert list(islice(delays_s(frequency, lambda: 0), len(expected))) == expected


def test_delays_are_spread_by_a_fifth_and_never_exceed_thirty_seconds() -> None:
    assert list(islice(delays_s(10, lambda: 1), 3)) == [12, 24, 30]
    assert list(islice(delays_s(10, lambda: -1), 3)) == [8, 16, 24]


@pytest.mark.parametrize("fields", [{"frequency": -1}, {"retries": -1}, {"retries": "many"}])
def test_wrong_fields_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        route("seed", **fields)


def test_the_defaults_are_one_second_and_no_retry() -> None:
    assert (route("seed").frequency, route("seed").retries) == (1, 0)


def test_its_work_is_done_before_the_server_listens() -> None:
    (spec,) = InitPlugin().tarmac_triggers(PluginSettings())
    assert (spec.route_type, spec.phase, spec.route_model, spec.runs_in) == ("init", "before_listen", InitRoute, "one")
    assert InitPlugin().tarmac_plugin_info().name == "init"


def test_importing_it_imports_the_contract_alone() -> None:
    code = "import sys, tarmac_trigger_init; print(*sorted(n for n in sys.modules if n.startswith('tarmac_core.')))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {name.split(".")[1] for name in output.split()} == {"plugin"}
