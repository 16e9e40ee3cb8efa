"""Scheduled tasks on a real loop with short real intervals; cron lines on a clock that the test sets."""

import asyncio
import itertools
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_trigger_schedule import ScheduledTaskRoute, SchedulePlugin
from tarmac_trigger_schedule.plugin import open_schedule
from tarmac_trigger_schedule.task import ScheduledTask
from tarmac_trigger_schedule.times import next_time_s

from tarmac_core.plugin import InvocationError, PluginSettings, TaskFinished
from tarmac_core.testing import Invoked, PluginHarness

TICK_S = 0.05


def every(function: str, frequency_s: Any) -> ScheduledTaskRoute:
    """A route with a fraction of a second, which the manifest does not allow."""
    return ScheduledTaskRoute.model_construct(
        type="scheduled_task", function=function, frequency=frequency_s, cron=None
    )


class World:
    """The opened plugin, and short names for what its tests look at."""

    def __init__(self, harness: PluginHarness) -> None:
        self.harness = harness
        self.answer: Callable[[str, bytes], bytes | Awaitable[bytes]] = lambda function, payload: payload
        harness.records.answer = self._answer

    def _answer(self, function: str, payload: bytes) -> bytes | Awaitable[bytes]:
        return self.answer(function, payload)

    @property
    def calls(self) -> list[Invoked]:
        return self.harness.records.invoked

    @property
    def events(self) -> list[TaskFinished]:
        return [event for event in self.harness.records.events if isinstance(event, TaskFinished)]

    @property
    def lines(self) -> list[tuple[int, str, Any]]:
        records = self.harness.records.logged
        return [(record.levelno, record.getMessage(), record.__dict__["fields"]) for record in records]

    async def close(self) -> None:
        await self.harness.close()


@pytest.fixture
async def world(tarmac_plugin: Callable[..., PluginHarness]) -> AsyncIterator[World]:
    async with tarmac_plugin(SchedulePlugin) as harness:
        yield World(harness)


@asynccontextmanager
async def opened(world: World, *routes: ScheduledTaskRoute) -> AsyncIterator[None]:
    await world.harness.trigger(routes=routes)
    yield
    await world.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that a run does."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - many kinds of condition
            await asyncio.sleep(0.005)


class Starts:
    """Answers after a while, and keeps when calls began and how many ran at once."""

    def __init__(self, *durations_s: float) -> None:
        self.started_s: list[float] = []
        self.running = 0
        self.most_running = 0
        self.finished = 0
        self._durations_s = iter(durations_s)

    async def __call__(self) -> bytes:
        self.started_s.append(asyncio.get_running_loop().time())
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(next(self._durations_s, 0))
            self.finished += 1
        finally:
            self.running -= 1
        return b""


async def test_the_first_run_comes_after_one_interval_and_then_one_each_interval(world: World) -> None:
    starts = Starts()
    world.answer = lambda function, payload: starts()
    opened_s = asyncio.get_running_loop().time()
    async with opened(world, every("load", TICK_S)):
        await until(lambda: len(starts.started_s) == 3)
    gaps_s = [after - before for before, after in itertools.pairwise([opened_s, *starts.started_s])]
    assert min(gaps_s) >= TICK_S
    first = world.calls[0]
    assert (first.function, first.payload, first.origin, first.parent) == ("load", b"", "scheduled_task", None)


async def test_intervals_count_from_the_start_of_the_run_before(world: World) -> None:
    starts = Starts(0.4, 0.4)
    world.answer = lambda function, payload: starts()
    async with opened(world, every("load", 0.5)):
        await until(lambda: len(starts.started_s) == 2)
    assert 0.5 <= starts.started_s[1] - starts.started_s[0] < 0.8


async def test_a_run_that_takes_longer_delays_the_next_and_never_overlaps_it(world: World) -> None:
    starts = Starts(TICK_S * 2.5)
    world.answer = lambda function, payload: starts()
    async with opened(world, every("load", TICK_S)):
        await until(lambda: len(starts.started_s) == 2)
    assert starts.most_running == 1
    assert starts.started_s[1] - starts.started_s[0] >= TICK_S * 2.5


async def test_routes_run_beside_each_other(world: World) -> None:
    starts = Starts(0.5, 0.5)
    world.answer = lambda function, payload: starts()
    async with opened(world, every("a", TICK_S), every("b", TICK_S)):
        await until(lambda: len(starts.started_s) == 2)
    assert starts.most_running == 2


async def test_a_failing_run_is_logged_and_counted_and_the_next_comes(world: World) -> None:
    def fail(function: str, payload: bytes) -> bytes:
        raise InvocationError("timeout", "the call took too long")

    world.answer = fail
    async with opened(world, every("load", TICK_S)):
        await until(lambda: len(world.events) == 2)
    assert [(event.function, event.route_type, event.outcome) for event in world.events] == [
        ("load", "scheduled_task", "timeout")
    ] * 2
    line = (logging.ERROR, "Error executing Scheduled Task: the call took too long")
    assert [(level, text) for level, text, _ in world.lines if level == logging.ERROR] == [line] * 2
    assert all(fields["function"] == "load" for _, _, fields in world.lines)


async def test_a_fault_of_the_server_does_not_end_the_schedule(world: World) -> None:
    def fault(function: str, payload: bytes) -> bytes:
        raise RuntimeError("out of file descriptors")

    world.answer = fault
    async with opened(world, every("load", TICK_S)):
        await until(lambda: len(world.events) == 2)
    assert [event.outcome for event in world.events] == ["abnormal"] * 2


async def test_a_success_is_one_event_and_a_trace_line(world: World) -> None:
    async with opened(world, every("load", TICK_S)):
        await until(lambda: len(world.events) == 1)
    assert [event.outcome for event in world.events] == ["ok"]
    assert [line[:2] for line in world.lines] == [
        (logging.INFO, "Scheduling custom task for function"),
        (5, "Executing Scheduled Task"),
    ]
    assert world.lines[0][2]["interval"] == TICK_S
    assert all(fields["function"] == "load" for _, _, fields in world.lines)


async def test_closing_waits_for_a_run_that_has_begun_and_starts_no_other(world: World) -> None:
    starts = Starts(TICK_S * 4)
    world.answer = lambda function, payload: starts()
    async with opened(world, every("load", TICK_S)):
        await until(lambda: starts.running == 1)
    assert (starts.finished, len(starts.started_s)) == (1, 1)
    await asyncio.sleep(TICK_S * 2)
    assert len(starts.started_s) == 1


async def test_closing_does_not_wait_for_the_next_interval(world: World) -> None:
    started_s = asyncio.get_running_loop().time()
    async with opened(world, every("load", 3600)):
        await asyncio.sleep(0)
    assert asyncio.get_running_loop().time() - started_s < 0.5
    assert world.calls == []


async def test_a_close_that_is_cancelled_cancels_the_run(world: World) -> None:
    starts = Starts(60)
    world.answer = lambda function, payload: starts()

    async def serve() -> None:
        async with open_schedule(PluginSettings(), [every("load", TICK_S)], world.harness.context()):
            await until(lambda: starts.running == 1)

    serving = asyncio.create_task(serve())
    await until(lambda: starts.running == 1)
    await asyncio.sleep(TICK_S)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert (starts.running, starts.finished) == (0, 0)


async def test_a_cron_line_runs_at_its_times_by_the_wall_clock_and_skips_those_that_pass_during_a_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tarmac_trigger_schedule.task.LONGEST_SLEEP_S", 0.01)
    now_s = 59.5
    runs: list[float] = []

    def answer(function: str, payload: bytes) -> bytes:
        nonlocal now_s
        runs.append(now_s)
        now_s += 150 if len(runs) == 1 else 0
        return b""

    world.answer = answer
    stopping = asyncio.Event()
    route = ScheduledTaskRoute(type="scheduled_task", function="load", cron="* * * * *")
    task = asyncio.create_task(ScheduledTask(route, world.harness.context(), stopping, wall=lambda: now_s).repeat())
    await asyncio.sleep(0.05)
    assert runs == []
    now_s = 60.2
    await asyncio.sleep(0.05)
    assert runs == [60.2]
    now_s = 240.0
    await asyncio.sleep(0.05)
    assert runs == [60.2, 240.0]
    stopping.set()
    await task


async def test_a_cron_line_with_seconds_runs_on_the_real_clock(world: World) -> None:
    route = ScheduledTaskRoute(type="scheduled_task", function="load", cron="* * * * * *")
    async with opened(world, route):
        await until(lambda: len(world.calls) == 2)
    assert len(world.events) == 2


@pytest.mark.parametrize(
    ("line", "after_s", "expected_s"),
    [
        ("*/5 * * * *", 0, 300),
        ("*/5 * * * *", 299.9, 300),
        ("*/5 * * * *", 300, 600),
        ("0 12 * * *", 0, 43_200),
        ("@hourly", 1, 3600),
        ("* * * * * */10", 0, 10),
    ],
)
def test_the_next_time_of_a_cron_line_is_in_utc(
    monkeypatch: pytest.MonkeyPatch, line: str, after_s: float, expected_s: float
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert next_time_s(line, after_s=after_s) == expected_s


@pytest.mark.parametrize("line", ["", "soon", "* * * *", "61 * * * *", "*/0 * * * *", "0 0 30 2 *", "* * * * * * 2030"])
def test_a_cron_line_that_cannot_be_read_is_refused_with_the_manifest(line: str) -> None:
    with pytest.raises(ValidationError, match="is not a cron line"):
        ScheduledTaskRoute(type="scheduled_task", function="load", cron=line)


@pytest.mark.parametrize("fields", [{}, {"frequency": 60, "cron": "* * * * *"}])
def test_exactly_one_of_frequency_and_cron_is_given(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="exactly one of frequency"):
        ScheduledTaskRoute(type="scheduled_task", function="load", **fields)


@pytest.mark.parametrize("frequency", [0, -5, 1.5, "often"])
def test_a_frequency_is_a_whole_number_of_seconds_from_one(frequency: Any) -> None:
    with pytest.raises(ValidationError, match="frequency"):
        ScheduledTaskRoute(type="scheduled_task", function="load", frequency=frequency)


def test_it_serves_the_routes_of_type_scheduled_task_while_the_server_listens() -> None:
    (spec,) = SchedulePlugin().tarmac_triggers(PluginSettings())
    assert (spec.route_type, spec.phase, spec.route_model) == ("scheduled_task", "serving", ScheduledTaskRoute)
    assert SchedulePlugin().tarmac_plugin_info().name == "schedule"


def test_importing_it_imports_neither_the_cron_parser_nor_more_than_the_contract() -> None:
    code = (
        "import sys, tarmac_trigger_schedule as t; t.ScheduledTaskRoute(type='scheduled_task', function='f', frequency=1);"
        "print(*sorted(n for n in sys.modules if n.startswith(('tarmac_core.', 'croniter'))))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {name.split(".")[1] for name in output.split()} == {"plugin"}
