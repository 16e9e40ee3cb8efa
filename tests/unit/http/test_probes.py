import asyncio
import json

from tarmac_core.http.probes import Check, Probes
from tarmac_core.plugin import BackendError, Request, Response
from tests.unit.http.bench import make_log

READY = Request("GET", "/ready")
VERBOSE = Request("GET", "/ready", query=(("verbose", ""),))


async def fine() -> None:
    return None


async def sick() -> bool:
    return False


async def broken() -> None:
    raise ConnectionRefusedError("redis://user:secret@host")


async def away() -> None:
    raise BackendError("the store cannot be reached")


async def hanging() -> None:
    await asyncio.sleep(60)


def problems(response: Response) -> object:
    return json.loads(response.body)["problems"]


def made(**checks: Check) -> Probes:
    return Probes(log=make_log()[0], checks=checks, time_limit_s=0.05)


async def test_ready_is_200_and_empty_when_every_store_answers() -> None:
    assert await made(kv=fine).ready(READY) == Response(200)


async def test_ready_is_503_and_empty_when_one_does_not() -> None:
    assert await made(kv=fine, sql=broken).ready(READY) == Response(503)


async def test_verbose_names_everything_that_is_wrong_without_what_drivers_say() -> None:
    response = await made(kv=fine, sql=broken, cache=sick, queue=hanging, away=away).ready(VERBOSE)
    assert response.code == 503
    assert problems(response) == {
        "sql": "ConnectionRefusedError",
        "cache": "unhealthy",
        "away": "the store cannot be reached",
        "queue": "no answer within 0.05 s",
    }
    assert b"secret" not in response.body


async def test_what_drivers_say_is_in_the_log() -> None:
    log, lines = make_log()
    await Probes(log=log, checks={"sql": broken}).ready(READY)
    assert lines.lines == ["WARNING Not ready: sql: redis://user:secret@host"]


async def test_maintenance_mode_makes_it_unready_and_asks_nobody() -> None:
    asked = []

    async def check() -> None:
        asked.append(1)

    probes = Probes(log=make_log()[0], checks={"kv": check}, is_in_maintenance=lambda: True)
    response = await probes.ready(VERBOSE)
    assert (response.code, problems(response), asked) == (503, {"maintenance": "maintenance mode is on"}, [])


async def test_probes_at_the_same_time_share_one_round() -> None:
    asked = []

    async def check() -> None:
        asked.append(1)
        await asyncio.sleep(0.01)

    probes = made(kv=check)
    answers = await asyncio.gather(*(probes.ready(READY) for _ in range(20)))
    assert {answer.code for answer in answers} == {200}
    assert len(asked) == 1
    await probes.ready(READY)
    assert len(asked) == 2


async def test_a_prober_that_leaves_does_not_spoil_the_round_of_the_others() -> None:
    async def check() -> None:
        await asyncio.sleep(0.02)

    probes = made(kv=check)
    leaving = asyncio.create_task(probes.ready(READY))
    staying = asyncio.create_task(probes.ready(READY))
    await asyncio.sleep(0.005)
    leaving.cancel()
    assert (await staying).code == 200


async def test_closing_ends_a_round_that_hangs() -> None:
    probes = Probes(log=make_log()[0], checks={"kv": hanging}, time_limit_s=60)
    asking = asyncio.create_task(probes.ready(READY))
    await asyncio.sleep(0.01)
    await asyncio.wait_for(probes.close(), 1)
    await asyncio.wait((asking,))
    assert asking.cancelled()


async def test_health_is_200_whatever_the_stores_do() -> None:
    assert await made(kv=broken).health(READY) == Response(200)
