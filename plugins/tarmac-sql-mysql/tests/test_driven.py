"""Calls without a task: begun at once, ended by what they wait for, ended by force."""

import asyncio

import pytest
from tarmac_sql.running import AbortedError
from tarmac_sql_mysql.driven import Arrival, Driven


async def test_it_begins_at_once_and_gives_what_the_coroutine_returns() -> None:
    begun: list[str] = []
    first: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> int:
        begun.append("begun")
        return await first + 1

    running = Driven(work())
    assert begun == ["begun"]
    first.set_result(6)
    assert await running.outcome == 7
    await running.ended()


async def test_a_failure_is_the_outcomes() -> None:
    first: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> int:
        return await first

    for running in (Driven(work()), Driven(work())):
        if not first.done():
            first.set_exception(ValueError("wrong"))
        with pytest.raises(ValueError, match="wrong"):
            await running.outcome
        await running.ended()


async def test_it_goes_on_when_its_caller_has_gone() -> None:
    first: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    done: list[int] = []

    async def work() -> None:
        done.append(await first)

    running = Driven(work())
    running.outcome.cancel()
    ended = asyncio.ensure_future(running.ended())
    await asyncio.sleep(0)
    first.set_result(1)
    await ended
    assert done == [1]


async def test_it_ends_by_force_where_the_server_is_silent() -> None:
    loop = asyncio.get_running_loop()
    cleaned: list[bool] = []

    async def work() -> None:
        try:
            await loop.create_future()
        finally:
            cleaned.append(True)

    running = Driven(work())
    running.abort()
    await running.ended()
    assert cleaned == [True]
    with pytest.raises(AbortedError):
        await running.outcome
    running.abort()


async def test_it_goes_on_where_the_data_come() -> None:
    arrival = Arrival()
    seen: list[str] = []

    async def work() -> None:
        await arrival
        seen.append("arrived")

    running = Driven(work())
    arrival.set_result(None)
    assert seen == ["arrived"]
    assert arrival.done()
    await running.outcome


async def test_waiting_for_data_ends_by_force_too() -> None:
    async def work() -> None:
        await Arrival()

    running = Driven(work())
    running.abort()
    with pytest.raises(AbortedError):
        await running.outcome
    await running.ended()
