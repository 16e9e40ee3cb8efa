"""Init functions: order, attempts, delays and what a failure does to the start."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_trigger_init import InitError, InitPlugin, InitRoute
from tarmac_trigger_init.plugin import delays_s, open_init

from tarmac_core.plugin import InvocationError, PluginSettings, TaskFinished


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


async def test_functions_run_once_in_the_manifests_order_with_an_empty_payload(world: Any) -> None:
    async with open_init(PluginSettings(), [route("b"), route("a"), route("b")], world.context()):
        assert world.calls == [("b", b"", "init", None), ("a", b"", "init", None), ("b", b"", "init", None)]


async def test_each_function_ends_before_the_next_begins(world: Any) -> None:
    running: list[str] = []

    async def slow(function: str) -> bytes:
        assert running == []
        running.append(function)
        await asyncio.sleep(0.01)
        running.remove(function)
        return b""

    world.answer = lambda function, payload: slow(function)
    async with open_init(PluginSettings(), [route("a"), route("b")], world.context()):
        assert len(world.calls) == 2


async def test_a_success_is_one_event_and_one_line(world: Any) -> None:
    async with open_init(PluginSettings(), [route("seed")], world.context()):
        (event,) = world.events
    assert isinstance(event, TaskFinished)
    assert (event.function, event.route_type, event.outcome) == ("seed", "init", "ok")
    assert 0 <= event.duration_ms < 1000
    assert world.lines == [(logging.INFO, "Executing Init Function", {"function": "seed"})]


async def test_a_failure_is_tried_again_after_the_frequency(world: Any) -> None:
    world.answer = failing(1)
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    async with open_init(PluginSettings(), [route("seed", frequency=1, retries=3)], world.context()):
        waited_s = loop.time() - started_s
    assert 0.8 <= waited_s < 1.4
    assert len(world.calls) == 2
    assert [event.outcome for event in world.events] == ["ok"]
    fields = {"function": "seed", "error": "not yet"}
    assert (logging.ERROR, "Error executing Init Function: not yet", fields) in world.lines


async def test_the_last_failure_ends_the_start_at_once_and_later_functions_do_not_run(world: Any) -> None:
    world.answer = failing(1)
    started_s = asyncio.get_running_loop().time()
    with pytest.raises(InitError, match=r"^init function seed exceeded retries$"):
        async with open_init(PluginSettings(), [route("seed", frequency=30), route("next")], world.context()):
            pytest.fail("opened")
    assert asyncio.get_running_loop().time() - started_s < 0.5
    assert [call[0] for call in world.calls] == ["seed"]
    assert [event.outcome for event in world.events] == ["guest"]


async def test_attempts_are_retries_and_one(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tarmac_trigger_init.plugin.delays_s", lambda *_: iter([0.001] * 3))
    world.answer = failing(10)
    with pytest.raises(InitError):
        async with open_init(PluginSettings(), [route("seed", retries=3)], world.context()):
            pytest.fail("opened")
    assert len(world.calls) == 4


async def test_a_stop_ends_the_wait_between_attempts(world: Any) -> None:
    world.answer = failing(10)
    opening = asyncio.create_task(
        open_init(PluginSettings(), [route("seed", frequency=30, retries=3)], world.context()).__aenter__()
    )
    await asyncio.sleep(0.05)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert len(world.calls) == 1


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
