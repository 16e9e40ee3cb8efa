"""The harness opens a plugin's parts as a server would, and tells what they leave behind."""

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tarmac_core.plugin import (
    BackendSpec,
    Call,
    CapabilitySpec,
    ConfigSourceSpec,
    Context,
    Encode,
    GrantModel,
    GuestMetric,
    HostCallError,
    InvocationError,
    Observer,
    ObserverSpec,
    Operation,
    Operations,
    PluginInfo,
    PluginSettings,
    Request,
    Response,
    RouteModel,
    RouteSpec,
    TriggerSpec,
    hookimpl,
    setting,
)
from tarmac_core.testing import PluginHarness

Make = Callable[..., PluginHarness]


class Settings(PluginSettings):
    size: int = setting(4, "How many.")


class Grant(GrantModel):
    read_only: bool = False


def _encode(reply: object) -> bytes:
    return b"!" + reply.message.encode() if isinstance(reply, HostCallError) else str(reply).encode()


def _decode(payload: bytes) -> tuple[bytes, Encode[object]]:
    if payload == b"broken":
        raise HostCallError(400, "cannot be read", payload=b"{}")
    return payload, _encode


async def _handle(call: Call, request: bytes) -> str:
    if request == b"denied":
        raise HostCallError(403, "no")
    if request == b"bug":
        raise ZeroDivisionError
    call.log.info("handled", extra={"name": "x"})
    return f"{call.function} {call.store} {call.grant} {request.decode()}"


class Everything:
    """A plugin with all seven hooks."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        return PluginInfo(name="everything", settings_model=Settings)

    @hookimpl
    def tarmac_config_sources(self, settings: Settings) -> list[ConfigSourceSpec]:
        return [ConfigSourceSpec("far", self.value)]

    @hookimpl
    def tarmac_capabilities(self, settings: Settings) -> list[CapabilitySpec]:
        return [CapabilitySpec("thing", self.open_capability, grant_model=Grant, ignores_case=True)]

    @hookimpl
    def tarmac_backends(self, settings: Settings) -> list[BackendSpec]:
        return [BackendSpec("thing", "one", self.value), BackendSpec("thing", "two", self.value)]

    @hookimpl
    def tarmac_triggers(self, settings: Settings) -> list[TriggerSpec]:
        return [TriggerSpec("tick", self.open_trigger)]

    @hookimpl
    def tarmac_routes(self, settings: Settings) -> list[RouteSpec]:
        return [RouteSpec("GET", "/thing", lambda request: Response(body=request.body + b"!"))]

    @hookimpl
    def tarmac_observers(self, settings: Settings) -> list[ObserverSpec]:
        return [ObserverSpec("everything", self.open_observer)]

    @asynccontextmanager
    async def value(self, settings: Settings, context: Context) -> AsyncIterator[Any]:
        (context.data_dir / "file").write_text("kept")
        yield settings.size

    @asynccontextmanager
    async def open_observer(self, settings: Settings, context: Context) -> AsyncIterator[Observer]:
        yield Observer()

    @asynccontextmanager
    async def open_capability(
        self, settings: Settings, stores: Mapping[str, object], context: Context
    ) -> AsyncIterator[Operations]:
        yield {"do": Operation(_decode, _handle)}

    @asynccontextmanager
    async def open_trigger(
        self, settings: Settings, routes: tuple[RouteModel, ...], context: Context
    ) -> AsyncIterator[object]:
        for route in routes:
            answer = await context.invoke(route.function, b"tick", origin="tick")
            context.log.warning("answered %s", answer.decode())
        context.observe(GuestMetric("f", "counter", "ticks", 1))
        yield None


async def test_every_kind_of_part_opens(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(Everything, size="7") as plugin:
        assert await plugin.backend("one") == 7
        assert await plugin.config_source() is not None
        assert isinstance(await plugin.observer("everything"), Observer)
        assert (await plugin.request("GET", "/thing", body=b"x")).body == b"x!"
        assert (plugin.data_dir / "file").read_text() == "kept"


async def test_an_operation_is_called_in_bytes_as_a_guest_does(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(Everything) as plugin:
        thing = await plugin.capability(stores={"default": object()})
        answer = await thing.call("DO", b"hi", function="f", store="s", grant={"read_only": True})
        assert answer.is_ok
        assert answer.payload == b"f s read_only=True hi"
        assert plugin.messages() == ["handled"]


@pytest.mark.parametrize(
    ("payload", "code", "error", "answered"),
    [
        (b"broken", 400, "cannot be read", b"{}"),
        (b"denied", 403, "no", b"!no"),
        (b"bug", 500, "internal error", b"!internal error"),
    ],
)
async def test_failures_of_an_operation_read_as_the_guest_reads_them(
    tarmac_plugin: Make, payload: bytes, code: int, error: str, answered: bytes
) -> None:
    async with tarmac_plugin(Everything) as plugin:
        answer = await (await plugin.capability()).call("do", payload)
        assert not answer.is_ok
        assert (answer.code, answer.error, answer.payload) == (code, error, answered)
        assert isinstance(answer.cause, ZeroDivisionError) == (payload == b"bug")


async def test_a_trigger_calls_the_authors_functions_and_everything_is_recorded(tarmac_plugin: Make) -> None:
    plugin = tarmac_plugin(Everything)
    plugin.records.answer = lambda function, payload: payload.upper()
    async with plugin:
        await plugin.trigger(routes=[{"function": "f"}, {"function": "g"}])
    assert [(call.function, call.payload, call.origin) for call in plugin.records.invoked] == [
        ("f", b"tick", "tick"),
        ("g", b"tick", "tick"),
    ]
    assert plugin.messages(logging.WARNING) == ["answered TICK", "answered TICK"]
    assert plugin.records.events == [GuestMetric("f", "counter", "ticks", 1)]


async def test_without_an_answer_a_function_is_missing(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(Everything) as plugin:
        with pytest.raises(InvocationError, match="no function f"):
            await plugin.records.invoke("f", b"", origin="tick")


async def test_an_unclear_name_is_told_with_what_is_declared(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(Everything) as plugin:
        with pytest.raises(AssertionError, match="declares 2 matching backends for ''; it declares: one, two"):
            await plugin.backend()
        with pytest.raises(KeyError, match="no operation 'undo', only do"):
            await (await plugin.capability()).call("undo", b"")


class Leaky(Everything):
    """Leaves behind what its settings say."""

    kept: list[object] = []  # noqa: RUF012 - outlives the instance on purpose
    leave = "thread"

    @asynccontextmanager
    async def value(self, settings: Settings, context: Context) -> AsyncIterator[Any]:
        if self.leave == "thread":
            go = threading.Event()
            threading.Thread(target=go.wait, name="leaky", daemon=True).start()
            self.kept.append(go)
        elif self.leave == "task":
            self.kept.append(asyncio.create_task(asyncio.sleep(60), name="leaky"))
        elif self.leave == "busy thread":
            go = threading.Event()
            asyncio.get_running_loop().run_in_executor(None, go.wait)
            self.kept.append(go)
        elif self.leave == "named thread":
            go = threading.Event()
            threading.Thread(target=go.wait, name="asyncio_0", daemon=True).start()
            self.kept.append(go)
        elif self.leave == "environment":
            os.environ["LEAKY"] = "1"
        yield None
        if self.leave == "error":
            raise ValueError("leaky")


@pytest.mark.parametrize(
    ("leave", "said"),
    [
        ("thread", "left behind: thread leaky"),
        ("named thread", "left behind: thread asyncio_0"),
        ("busy thread", "left behind: thread asyncio_0"),
        ("task", "left behind: task leaky"),
        ("environment", "left behind: variable LEAKY"),
        ("error", "close of part thing.one raised ValueError: leaky"),
    ],
)
async def test_what_a_plugin_leaves_behind_fails_the_test(
    tarmac_plugin: Make, monkeypatch: pytest.MonkeyPatch, leave: str, said: str
) -> None:
    monkeypatch.delenv("LEAKY", raising=False)
    monkeypatch.setattr(Leaky, "leave", leave)
    plugin = await tarmac_plugin(Leaky).__aenter__()
    await plugin.backend("one")
    with pytest.raises(AssertionError, match=said):
        await plugin.__aexit__(None)
    os.environ.pop("LEAKY", None)
    for one in Leaky.kept:
        if isinstance(one, threading.Event):
            one.set()
        elif isinstance(one, asyncio.Task):
            one.cancel()
    Leaky.kept.clear()


class Resolving(Everything):
    """Looks a host name up, and waits for a thread, when it is opened."""

    @asynccontextmanager
    async def value(self, settings: Settings, context: Context) -> AsyncIterator[Any]:
        loop = asyncio.get_running_loop()
        await loop.getaddrinfo("localhost", 80)
        yield await asyncio.to_thread(threading.current_thread)


async def test_the_threads_of_the_loop_itself_are_not_the_plugins(tarmac_plugin: Make) -> None:
    for _ in range(2):
        async with tarmac_plugin(Resolving) as plugin:
            thread = await plugin.backend("one")
            assert thread.is_alive()
        assert not thread.is_alive()
    assert await asyncio.to_thread(threading.get_ident) != threading.get_ident(), "the loop can still use threads"


async def test_a_harness_may_be_entered_in_one_task_and_left_in_another(tarmac_plugin: Make) -> None:
    plugin = await asyncio.create_task(tarmac_plugin(Everything).__aenter__())
    await plugin.backend("one")
    await asyncio.create_task(plugin.__aexit__(None))
    assert not plugin.records.logged


class Wrong:
    """Declares what it may not."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        return PluginInfo(name="wrong")

    @hookimpl
    def tarmac_routes(self, settings: PluginSettings) -> list[Request]:
        return [Request("GET", "/")]


def test_a_hook_that_breaks_the_contract_fails_at_once(tarmac_plugin: Make) -> None:
    with pytest.raises(AssertionError, match="tarmac_routes yielded Request, not RouteSpec"):
        tarmac_plugin(Wrong)
