"""The committed guests, in the real engine, with the real store's codec: what each answers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tarmac_kv.plugin import KVPlugin
from tarmac_kv_memory.plugin import MemoryPlugin

from tarmac_core.testing import PluginHarness
from tarmac_core.testing.answers import Capability
from tarmac_core.wapc import Engine, EngineSettings, Guest, GuestError, GuestLimits, HostReply
from tests.guests.builder.paths import EXAMPLES, WASM

LANGUAGES = ("go", "zig", "assemblyscript", "rust")
MIB = 1 << 20


@dataclass(slots=True)
class Host:
    """Answers host calls: a real key-value store, a log that remembers, functions that answer their payload in capitals."""

    engine: Engine
    store: Capability
    logged: list[str] = field(default_factory=list)
    bindings: set[bytes] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    async def host_call(self, binding: bytes, capability: bytes, operation: bytes, payload: bytes) -> HostReply:
        self.bindings.add(binding)
        self.asked.append(f"{capability.decode()}/{operation.decode()}")
        if capability == b"kvstore":
            answer = await self.store.call(operation.decode(), payload)
            return HostReply(answer.is_ok, answer.payload, answer.error)
        if capability in {b"logger", b"logging"}:
            self.logged.append(f"{operation.decode().lower()} {payload.decode()}")
            return HostReply(True, b"")
        if capability == b"function" and operation == b"shout":
            return HostReply(True, payload.upper())
        return HostReply(False, b"", "callback not found")

    async def call(self, guest: str, *payloads: bytes) -> list[bytes]:
        """What one instance of a guest answers to each payload."""
        return await self.call_file(WASM / f"{guest}.wasm", *payloads)

    async def call_file(self, path: Path, *payloads: bytes) -> list[bytes]:
        guest = self.load(path, GuestLimits(pool_size=1, memory_bytes=64 * MIB))
        return [await guest.call(b"handler", payload, self.host_call) for payload in payloads]

    def load(self, path: Path, limits: GuestLimits) -> Guest:
        return self.engine.load(path.stem, path.read_bytes(), limits)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled modules, kept from one test to the next."""
    return tmp_path_factory.mktemp("modules")


@pytest.fixture
async def host(compiled: Path, tmp_path: Path) -> AsyncIterator[Host]:
    async with PluginHarness(MemoryPlugin, data_dir=tmp_path) as memory:
        stores = {"default": await memory.backend("memory")}
        async with PluginHarness(KVPlugin, data_dir=tmp_path) as kv:
            store = await kv.capability(stores=stores)
            with Engine(EngineSettings(cache_dir=compiled)) as engine:
                yield Host(engine, store)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_echo_answers_any_bytes_unchanged(host: Host, language: str) -> None:
    payloads = [b"hi", b"", bytes(range(256)) * 20_000]
    assert await host.call(f"{language}-echo", *payloads) == payloads
    assert host.asked == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_tac_reverses_code_points_once_and_finds_them_the_second_time(host: Host, language: str) -> None:
    text = 'Tärmac ✈ "Example" \\ 🛫\n'
    reversed_text = text[::-1].encode()
    assert await host.call(f"{language}-tac", text.encode(), text.encode()) == [reversed_text] * 2
    assert host.logged == ["info cache miss", "info cache hit"]
    assert host.asked.count("kvstore/set") == 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_tac_keeps_no_text_that_cannot_be_a_key(host: Host, language: str) -> None:
    assert await host.call(f"{language}-tac", b"", b"ab" * 20_000) == [b"", b"ba" * 20_000]
    assert host.asked == []
    assert await host.call(f"{language}-tac", b"a" * 32_767 + b"b") == [b"b" + b"a" * 32_767]
    assert host.asked.count("kvstore/set") == 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_counter_counts_each_name_on_its_own(host: Host, language: str) -> None:
    assert await host.call(f"{language}-counter", b"a", b"a", b"", b"b", b"a") == [b"1", b"2", b"1", b"1", b"3"]
    assert await host.call(f"{language}-counter", *[b"a"] * 8) == [str(count).encode() for count in range(4, 12)]


async def test_all_languages_count_in_the_same_store(host: Host) -> None:
    answers = [(await host.call(f"{language}-counter", b"shared"))[0] for language in LANGUAGES]
    assert answers == [b"1", b"2", b"3", b"4"]
    assert host.bindings == {b"tarmac", b"default"}


async def test_the_caller_calls_the_function_that_the_first_line_names(host: Host) -> None:
    assert await host.call("go-caller", b"shout\nhi\nthere") == [b"HI\nTHERE"]
    with pytest.raises(GuestError, match=r"^host call failed: host error: callback not found$"):
        await host.call("go-caller", b"nobody\nhi")


@pytest.mark.parametrize("language", LANGUAGES[1:])
async def test_misc_calls_functions(host: Host, language: str) -> None:
    assert await host.call(f"{language}-misc", b"call shout hi there") == [b"HI THERE"]
    with pytest.raises(GuestError, match="callback not found"):
        await host.call(f"{language}-misc", b"call nobody hi")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_misc_floods_counts_its_calls_and_fails_as_told(host: Host, language: str) -> None:
    assert await host.call(f"{language}-misc", b"flood 300", b"calls") == [b"300", b"2"]
    assert host.logged == ["trace flood"] * 300
    with pytest.raises(GuestError, match=r"^out of coffee$") as caught:
        await host.call(f"{language}-misc", b"error out of coffee")
    assert caught.value.kind == "guest"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_misc_traps(host: Host, language: str) -> None:
    with pytest.raises(GuestError) as caught:
        await host.call(f"{language}-misc", b"trap")
    assert caught.value.kind == "trap"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_misc_eats_until_its_memory_ends(host: Host, language: str) -> None:
    with pytest.raises(GuestError) as caught:
        await host.call(f"{language}-misc", b"eat")
    assert caught.value.kind == "memory"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_misc_loops_until_its_time_ends(host: Host, language: str) -> None:
    guest = host.load(WASM / f"{language}-misc.wasm", GuestLimits(cpu_ms=30))
    with pytest.raises(GuestError) as caught:
        await guest.call(b"handler", b"loop", host.host_call)
    assert caught.value.kind == "cpu"


async def test_go_misc_exits_panics_sleeps_and_answers_sizes(host: Host) -> None:
    assert await host.call("go-misc", b"sleep 5", b"answer 30", b"eat 3") == [
        b"",
        b"abcdefghijklmnopqrstuvwxyzabcd",
        b"3",
    ]
    for command, kind, exit_code in ((b"exit 3", "exit", 3), (b"panic now", "trap", None)):
        with pytest.raises(GuestError) as caught:
            await host.call("go-misc", command)
        assert (caught.value.kind, caught.value.exit_code) == (kind, exit_code)


async def test_a_go_guest_reads_the_status_of_a_failed_host_call(host: Host) -> None:
    missing, found = await host.call("go-misc", b"get nothing", b"get nothing")
    assert missing == found
    assert missing.startswith(b"404 Unable to fetch key")
    await host.call("go-counter", b"k")
    assert await host.call("go-misc", b"get k") == [b"200 1"]


async def test_go_misc_logs_at_each_level(host: Host) -> None:
    levels = ("info", "warn", "error", "debug", "trace")
    await host.call("go-misc", *[f"log {level} hello there".encode() for level in levels])
    assert host.logged == [f"{level} hello there" for level in levels]


async def test_assemblyscript_misc_uses_the_imports_of_its_runtime(host: Host) -> None:
    first, again = [(await host.call("assemblyscript-misc", b"random", b"trace hi"))[0] for _ in range(2)]
    assert 0 <= float(first) < 1
    assert first != again
    with pytest.raises(GuestError) as caught:
        await host.call("assemblyscript-misc", b"abort no more")
    assert caught.value.kind == "abort"
    assert "no more" in caught.value.detail


async def test_other_operations_than_handler_are_refused_by_name(host: Host) -> None:
    for language in LANGUAGES:
        guest = host.load(WASM / f"{language}-echo.wasm", GuestLimits())
        with pytest.raises(GuestError, match="other") as caught:
            await guest.call(b"other", b"", host.host_call)
        assert caught.value.kind == "guest"


async def test_hello_greets_by_name(host: Host) -> None:
    answers = await host.call_file(EXAMPLES / "hello" / "functions" / "hello.wasm", b"Ada", b"")
    assert answers == [b"Hello, Ada!\n", b"Hello, world!\n"]
