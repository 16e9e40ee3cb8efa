"""Whole Apps in this process."""

import asyncio
import threading
from typing import Any

import pytest
import wasmtime

from tarmac_core.app import App, ConfigurationError, StartError
from tarmac_core.dispatch import CallContext
from tarmac_core.plugin import InvocationError
from tests.distributions import Site, plugin_source
from tests.unit.app.conftest import Home
from tests.unit.dispatch.guests import host_call, outcome

ORDERLY = """
events = []

def tracked(name, value):
    @asynccontextmanager
    async def open(*args):
        events.append("open " + name)
        yield value
        events.append("close " + name)
    return open

class Source:
    async def read(self):
        return {"max_call_depth": 7, "debug": True}
    async def changes(self):
        import asyncio
        await asyncio.Event().wait()
        yield {}

class Store:
    def health(self):
        return True
"""
ORDERLY_HOOKS = """
@hookimpl
def tarmac_observers(self, settings):
    return [ObserverSpec("o", tracked("observer", Observer()))]

@hookimpl
def tarmac_capabilities(self, settings):
    return [CapabilitySpec("c", tracked("capability", {}), backend_type=Store)]

@hookimpl
def tarmac_triggers(self, settings):
    return [TriggerSpec("late", tracked("serving", None)),
            TriggerSpec("early", tracked("before_listen", None), phase="before_listen")]
"""


async def call(app: App, function: str, payload: bytes = b"x") -> bytes:
    return await app.dispatcher.invoke(function, payload, context=CallContext("test"))


async def ask(app: App, text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", app.server.port)
    writer.write(text)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_an_opened_app_has_callable_functions(home: Home) -> None:
    async with App.open(home.options(), stream=home.log) as app:
        assert await call(app, "echo", b"hello") == b"hello"


async def test_a_module_of_the_command_line_is_not_told_as_a_missing_manifest(home: Home) -> None:
    async with App.open(home.options("echo.wasm"), stream=home.log):
        told = [line["msg"] for line in home.logged]
    assert "Serving a single function" in told
    assert not any("wasm_function_config" in text for text in told)


async def test_a_missing_manifest_that_nobody_named_is_said_in_one_line(home: Home) -> None:
    (home.folder / "tarmac.json").unlink()
    async with App.open(home.options(None, wasm_function="echo.wasm"), stream=home.log):
        told = [line["msg"] for line in home.logged]
    assert told.count("Could not load wasm_function_config starting with default function path") == 1
    assert "Serving a single function" not in told


@pytest.mark.parametrize("memory_bytes", [4 << 20, 4 << 30])
async def test_every_limit_that_configuration_lets_pass_suits_the_engine(home: Home, memory_bytes: int) -> None:
    most = {"timeout_ms": 10**10, "cpu_ms": 10**10, "pool_size": 10**30, "queue_length": 10**30}
    home.manifest({"echo": {"filepath": "echo.wasm", "memory_bytes": memory_bytes, **most}})
    sizes = {f"max_{what}_bytes": str(1 << 30) for what in ("request", "response", "host_call")}
    async with App.open(home.options(plugin_timeout_s="1e7", wasm_threads="1024", **sizes), stream=home.log) as app:
        assert await call(app, "echo", b"hello") == b"hello"


async def test_a_listening_app_answers_over_http(home: Home) -> None:
    async with App.open(home.options(), stream=home.log) as app:
        await app.start()
        await app.listen()
        answer = await ask(app, b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"\r\n\r\nhi")


async def test_two_apps_in_one_process_share_nothing(home: Home) -> None:
    first_options = home.options(enable_kvstore="true", kvstore_type="in-memory")
    second_options = home.options("echo.wasm", debug="true")
    async with App.open(first_options, stream=home.log) as first, App.open(second_options, stream=home.log) as second:
        await first.listen()
        await second.listen()
        assert first.server.port != second.server.port
        assert await call(first, "echo") == b"x"
        assert await call(second, "default") == b"x"
        with pytest.raises(InvocationError):
            await call(second, "echo")
        assert not first.log.isEnabledFor(10)
        assert second.log.isEnabledFor(10)
    with pytest.raises(InvocationError, match="stopping"):
        await call(first, "echo")


async def test_a_closed_app_leaves_no_thread_and_no_task(home: Home) -> None:
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    async with App.open(home.options(enable_kvstore="true"), stream=home.log) as app:
        await app.listen()
        await call(app, "echo")
    left = {t for t in set(threading.enumerate()) - threads if not t.name.startswith("asyncio_")}
    for thread in tuple(left):  # a cancelled timer needs a moment
        thread.join(1)
        left -= set() if thread.is_alive() else {thread}
    assert (left, asyncio.all_tasks() - tasks) == (set(), set())


async def test_parts_open_in_the_order_of_the_design_and_close_in_reverse(home: Home, site: Site) -> None:
    site.add(
        "tarmac-orderly",
        {"c": "orderly:P", "config.remote": "orderly_source:P", "c.store": "orderly_store:P"},
        modules={
            "orderly": plugin_source(
                "c",
                ORDERLY_HOOKS,
                info="settings_model=S",
                before=ORDERLY + "\nclass S(PluginSettings):\n    type: str = 'store'\n",
            ),
            "orderly_source": plugin_source(
                "config.remote",
                "@hookimpl\ndef tarmac_config_sources(self, settings):\n"
                "    return [ConfigSourceSpec('remote', tracked('source', Source()))]",
                before="from orderly import tracked, Source",
            ),
            "orderly_store": plugin_source(
                "c.store",
                "@hookimpl\ndef tarmac_backends(self, settings):\n"
                "    return [BackendSpec('c', 'store', tracked('backend', Store()))]",
                before="from orderly import tracked, Store",
            ),
        },
    )
    routes = [{"type": "late", "function": "echo"}, {"type": "early", "function": "echo"}]
    home.manifest({"echo": "echo"}, routes)
    options = home.options(use_remote="true", enable_c="true")
    async with App.open(options, stream=home.log) as app:
        await app.start()
        await app.listen()
        import orderly  # type: ignore[import-not-found] # noqa: PLC0415 - made by this test

        opened = list(orderly.events)
        orderly.events.clear()
        assert app.core.max_call_depth == 7
    names = ["source", "observer", "backend", "capability", "before_listen", "serving"]
    assert opened == [f"open {name}" for name in names]
    assert orderly.events == [f"close {name}" for name in reversed(names)]


async def test_a_source_that_is_not_there_hides_no_other_wrong_setting(home: Home) -> None:
    (home.folder / "conf").mkdir()
    (home.folder / "conf" / "config.toml").write_text("[", encoding="utf-8")
    with pytest.raises(ConfigurationError) as info:
        async with App.open(home.options(use_vault="true", debug="perhaps"), stream=home.log):
            raise AssertionError("it starts")
    told = [problem.where.partition(" ")[0] for problem in info.value.problems]
    assert told == ["conf/config.toml", "debug", "use_vault"]


async def test_named_stores_are_reached_by_binding_and_grant(home: Home) -> None:
    home.manifest(
        {
            "granted": {"filepath": "relay.wasm", "grants": {"kvstore": {"stores": ["sessions", "default"]}}},
            "plain": {"filepath": "relay.wasm"},
        }
    )
    (home.folder / "conf").mkdir()
    (home.folder / "conf" / "config.toml").write_text(
        'enable_kvstore = true\nkvstore_type = "in-memory"\n[stores.sessions]\ncapability = "kvstore"\nbackend = "in-memory"\n'
    )

    async def kv(app: App, function: str, binding: str, operation: str, text: bytes) -> tuple[bool, str, bytes]:
        return outcome(await call(app, function, host_call(binding, "kvstore", operation, text)))

    async with App.open(home.options(), stream=home.log) as app:
        assert (await kv(app, "granted", "sessions", "set", b'{"key":"k","data":"eA=="}'))[0]
        assert (await kv(app, "granted", "sessions", "get", b'{"key":"k"}'))[0]
        assert not (await kv(app, "granted", "default", "get", b'{"key":"k"}'))[0]
        flag, error, payload = await kv(app, "plain", "sessions", "get", b'{"key":"k"}')
        assert (flag, b"403" in payload) == (False, True)
        assert "sessions" in error


async def test_a_grant_for_a_store_that_nobody_defined_is_a_problem(home: Home) -> None:
    home.manifest({"f": {"filepath": "relay.wasm", "grants": {"kvstore": {"stores": ["nowhere"]}}}})
    with pytest.raises(ConfigurationError, match="nowhere"):
        async with App.open(home.options(enable_kvstore="true", kvstore_type="in-memory")):
            pass


async def test_instances_that_are_wanted_from_the_start_are_made(home: Home) -> None:
    home.manifest({"echo": {"filepath": "echo.wasm", "min_instances": 2}, "idle": {"filepath": "echo.wasm"}})
    async with App.open(home.options(), stream=home.log) as app:
        counts = {name: function.guest.stats().instances for name, function in app.dispatcher.functions.items()}
    assert counts == {"echo": 2, "idle": 0}


async def test_a_function_whose_start_traps_ends_the_start_when_instances_are_wanted(home: Home) -> None:
    module = '(module (memory (export "memory") 1) (func (export "_start") unreachable)'
    module += ' (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))'
    (home.folder / "bad.wasm").write_bytes(bytes(wasmtime.wat2wasm(module)))
    home.manifest({"bad": {"filepath": "bad.wasm", "min_instances": 1}})
    with pytest.raises(StartError, match="function bad cannot be started"):
        async with App.open(home.options(), stream=home.log):
            pass
    home.manifest({"bad": {"filepath": "bad.wasm"}})
    async with App.open(home.options(), stream=home.log) as app:
        with pytest.raises(InvocationError, match="ended abnormally"):
            await call(app, "bad")


async def test_the_readiness_probe_asks_every_store(home: Home) -> None:
    async with App.open(home.options(enable_kvstore="true", kvstore_type="in-memory"), stream=home.log) as app:
        await app.listen()
        request = b"GET /ready?verbose HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert b"200 OK" in await ask(app, request)
        app._checks["kvstore default"] = _unwell  # a store that fails while the server runs
        assert b"503" in await ask(app, request)


async def test_a_probe_whose_client_left_ends_before_the_stores_close(home: Home) -> None:
    asked = asyncio.Event()

    async def slow() -> None:
        asked.set()
        await asyncio.sleep(60)

    async with App.open(home.options(enable_kvstore="true", kvstore_type="in-memory"), stream=home.log) as app:
        await app.listen()
        app._checks["kvstore default"] = slow  # a store that hangs while the server runs
        _, writer = await asyncio.open_connection("127.0.0.1", app.server.port)
        writer.write(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
        await asked.wait()
        writer.close()
        await writer.wait_closed()
    assert [task.get_name() for task in asyncio.all_tasks()] == [asyncio.current_task().get_name()]  # type: ignore[union-attr]


async def _unwell() -> Any:
    raise ConnectionError("store is gone")
