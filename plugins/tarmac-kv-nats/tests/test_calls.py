"""Calls that are cut short, and those that are not."""

import asyncio

import pytest
from tarmac_kv_nats.calls import Calls
from tarmac_kv_nats.faults import AwayError, ClosedError


async def test_a_call_that_is_answered_while_it_is_cut_leaves_nothing_behind() -> None:
    calls, answer = Calls(None), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(calls.run("subject", answer))
    await asyncio.sleep(0)
    answer.set_result(1)
    calls.cut(AwayError)
    outcomes: list[object] = await asyncio.gather(running, return_exceptions=True)
    assert outcomes == [1] or isinstance(outcomes[0], AwayError)
    assert calls._causes == {}
    assert calls._running == {}


async def test_only_calls_that_a_refusal_names_are_cut() -> None:
    calls, loop = Calls(None), asyncio.get_running_loop()
    named, other = (
        asyncio.create_task(calls.run(subject, loop.create_future())) for subject in ("$KV.own.Key", "$KV.own.other")
    )
    await asyncio.sleep(0)
    calls.cut(AwayError, named_in='permissions violation for publish to "$kv.own.key"')
    with pytest.raises(AwayError):
        await named
    assert not other.done()
    await calls.finish(ClosedError, 0.01)
    with pytest.raises(ClosedError):
        await other
