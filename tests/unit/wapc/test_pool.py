"""The pool: nothing is lost, whatever is cancelled or fails."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tarmac_core.wapc import GuestError
from tarmac_core.wapc.pool import Pool


class Thing:
    def __init__(self) -> None:
        self.is_closed = False
        self.users = 0

    def close(self) -> None:
        self.is_closed = True


async def make() -> Thing:
    await asyncio.sleep(0)
    return Thing()


async def test_the_last_used_is_used_first() -> None:
    pool: Pool[Thing] = Pool(3, 10)
    first, second = await pool.acquire(make), await pool.acquire(make)
    pool.put_back(first)
    pool.put_back(second)
    assert await pool.acquire(make) is second


async def test_every_instance_that_was_made_is_counted() -> None:
    pool: Pool[Thing] = Pool(2, 10)
    first, second = await pool.acquire(make), await pool.acquire(make)
    pool.discard(first)
    pool.put_back(second)
    await pool.add(make)
    assert (pool.made, pool.count) == (3, 2)


async def test_who_came_first_is_served_first() -> None:
    pool: Pool[Thing] = Pool(1, 10)
    thing = await pool.acquire(make)
    order: list[int] = []

    async def use(i: int) -> None:
        mine = await pool.acquire(make)
        order.append(i)
        await asyncio.sleep(0)
        pool.put_back(mine)

    tasks = [asyncio.create_task(use(i)) for i in range(5)]
    await asyncio.sleep(0)
    pool.put_back(thing)
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3, 4]


async def test_a_place_that_becomes_free_goes_to_who_waits() -> None:
    pool: Pool[Thing] = Pool(1, 10)
    thing = await pool.acquire(make)
    waiting = asyncio.create_task(pool.acquire(make))
    await asyncio.sleep(0)
    pool.discard(thing)
    other = await waiting
    assert thing.is_closed
    assert other is not thing
    assert pool.count == 1


async def test_a_failed_instance_wakes_the_next() -> None:
    pool: Pool[Thing] = Pool(1, 10)

    async def fail() -> Thing:
        await asyncio.sleep(0)
        raise GuestError("init", "no")

    results = await asyncio.gather(*(pool.acquire(fail) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [GuestError] * 3
    assert (pool.count, pool.waiting) == (0, 0)


async def test_a_waiter_cancelled_just_after_it_was_served_passes_on() -> None:
    pool: Pool[Thing] = Pool(1, 10)
    for is_good in (True, False):
        thing = await pool.acquire(make)
        first, second = (asyncio.create_task(pool.acquire(make)) for _ in range(2))
        await asyncio.sleep(0)
        (pool.put_back if is_good else pool.discard)(thing)
        first.cancel()
        await asyncio.wait([first])
        mine = await second
        assert first.cancelled()
        assert (mine is thing) == is_good
        pool.put_back(mine)
    assert (pool.count, len(pool.idle), pool.waiting) == (1, 1, 0)


async def test_close_ends_who_waits_and_closes_what_is_out() -> None:
    pool: Pool[Thing] = Pool(2, 10)
    out, idle = await pool.acquire(make), await pool.acquire(make)
    waiting = asyncio.create_task(pool.acquire(make))
    await asyncio.sleep(0)
    pool.put_back(idle)
    other = await waiting
    late = asyncio.create_task(pool.acquire(make))
    await asyncio.sleep(0)
    pool.close()
    assert (out.is_closed, other.is_closed) == (True, True)
    for action in (late, pool.acquire(make)):
        with pytest.raises(GuestError, match="closed"):
            await action
    pool.put_back(out)
    pool.discard(other)
    assert pool.count == 0


async def test_an_instance_given_to_who_waits_just_before_close_is_closed() -> None:
    pool: Pool[Thing] = Pool(1, 10)
    thing = await pool.acquire(make)
    waiting = asyncio.create_task(pool.acquire(make))
    await asyncio.sleep(0)
    pool.put_back(thing)
    pool.close()
    with pytest.raises(GuestError, match="closed"):
        await waiting
    assert thing.is_closed
    assert pool.count == 0


async def test_a_place_given_to_who_waits_just_before_close_makes_nothing() -> None:
    pool: Pool[Thing] = Pool(1, 10)
    thing = await pool.acquire(make)
    made: list[Thing] = []

    async def note() -> Thing:
        made.append(await make())
        return made[0]

    waiting = asyncio.create_task(pool.acquire(note))
    await asyncio.sleep(0)
    pool.discard(thing)
    pool.close()
    with pytest.raises(GuestError, match="closed"):
        await waiting
    assert (made, pool.count) == ([], 0)


async def test_a_waiting_coroutine_that_is_dropped_swallows_nothing() -> None:
    pool: Pool[Thing] = Pool(1, 10)
    thing = await pool.acquire(make)
    for is_served in (False, True):
        dropped = pool.acquire(make)
        dropped.send(None)
        if is_served:
            pool.put_back(thing)
        dropped.close()
        assert pool.waiting == 0
    assert pool.idle == [thing]


async def test_an_instance_finished_after_close_is_closed() -> None:
    pool: Pool[Thing] = Pool(2, 10)
    made = Thing()

    async def slow() -> Thing:
        await asyncio.sleep(0.01)
        return made

    task = asyncio.create_task(pool.acquire(slow))
    await asyncio.sleep(0)
    pool.close()
    with pytest.raises(GuestError, match="closed"):
        await task
    assert made.is_closed
    assert pool.count == 0


@given(st.integers(1, 4), st.integers(0, 6), st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=60)
def test_any_order_of_use_failure_and_cancel_loses_nothing(size: int, queue: int, seed: int, count: int) -> None:
    chance = random.Random(seed)

    async def fragile() -> Thing:
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
        if chance.random() < 0.2:
            raise GuestError("init", "chance")
        return Thing()

    async def use(pool: Pool[Thing]) -> None:
        thing = await pool.acquire(fragile)
        assert not thing.is_closed
        thing.users += 1
        assert thing.users == 1
        try:
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
        finally:
            thing.users -= 1
            (pool.put_back if chance.random() < 0.6 else pool.discard)(thing)

    async def main() -> None:
        pool: Pool[Thing] = Pool(size, queue)
        tasks = []
        for _ in range(count):
            tasks.append(asyncio.create_task(use(pool)))
            if chance.random() < 0.4:
                chance.choice(tasks).cancel()
            if chance.random() < 0.4:
                await asyncio.sleep(0)
            assert pool.count <= size
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} <= {type(None), GuestError, asyncio.CancelledError}
        assert pool.waiting == 0
        assert pool.count == len(pool.idle) <= size
        things = [await pool.acquire(make) for _ in range(size)]  # all places can still be had
        assert len(set(map(id, things))) == size

    asyncio.run(main())
