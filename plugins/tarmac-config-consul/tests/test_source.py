"""The key is read at the start and followed afterwards."""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from tarmac_config_consul.source import SPACING_S

from tarmac_core.registry import StepError
from tests.services.consul import ConsulServer

OpenConsul = Callable[..., AbstractAsyncContextManager[Any]]


async def test_the_object_under_the_key_is_what_is_read(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    value = {"debug": True, "redis": {"server": "here", "database": 3}, "list": ["a", "b"], "ratio": 0.5, "none": None}
    shared_server.put(key, value)
    async with open_with(addr=shared_server.address, keys_prefix=key) as consul:
        assert await consul.read() == value
        assert consul.messages() == []


@pytest.mark.parametrize("spelt", ["{}", "/{}", " {} "])
async def test_a_key_may_be_spelt_with_a_slash_before_it(
    shared_server: ConsulServer, key: str, open_with: OpenConsul, spelt: str
) -> None:
    shared_server.put("tests/spelt", {"debug": True})
    async with open_with(addr=shared_server.address, keys_prefix=spelt.format("tests/spelt")) as consul:
        assert await consul.read() == {"debug": True}


@pytest.mark.parametrize("name", ["with space", "a?b=c&d", "50%", "grün", "a+b", "a;b", "folder/", "%2e%2e", "#1"])
async def test_a_key_may_hold_any_character(shared_server: ConsulServer, open_with: OpenConsul, name: str) -> None:
    operations = [{"KV": {"Verb": "set", "Key": f"odd/{name}", "Value": "eyJhIjogMX0="}}]
    shared_server.ask("PUT", "txn", operations)
    async with open_with(addr=shared_server.address, keys_prefix=f"odd/{name}") as consul:
        assert await consul.read() == {"a": 1}


async def test_the_unix_socket_of_an_agent_works_as_well(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    shared_server.put(key, {"debug": True})
    async with (
        open_with(addr=f"unix://{shared_server.socket_path}", keys_prefix=key) as consul,
        consul.followed() as news,
    ):
        assert await consul.read() == {"debug": True}
        shared_server.put(key, {"debug": False})
        assert await asyncio.wait_for(news.get(), 5) == {"debug": False}


async def test_a_change_arrives_at_once_and_without_what_was_removed(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    clock = asyncio.get_running_loop().time
    shared_server.put(key, {"debug": True, "trace": True})
    async with (
        open_with(addr=shared_server.address, keys_prefix=key, watch_interval=600) as consul,
        consul.followed() as news,
    ):
        for value in ({"debug": False}, {}, {"trace": True, "run_mode": "job"}):
            await asyncio.sleep(0.6)
            began_s = clock()
            shared_server.put(key, value)
            assert await asyncio.wait_for(news.get(), 5) == value
            assert clock() - began_s < 5
            assert await consul.read() == value
        shared_server.put(f"{key}/other", {"trace": False})
        shared_server.put(key, {"trace": True, "run_mode": "job"})
        await asyncio.sleep(0.7)
        assert news.empty(), "neither another key nor the same value is a change"
        assert consul.messages() == []


async def test_a_change_between_the_read_and_the_watch_is_not_lost(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    shared_server.put(key, {"debug": True})
    async with open_with(addr=shared_server.address, keys_prefix=key) as consul:
        shared_server.put(key, {"debug": False})
        async with consul.followed() as news:
            assert await asyncio.wait_for(news.get(), 5) == {"debug": False}


async def test_many_changes_are_few_questions_and_the_last_one_counts(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    shared_server.put(key, {"number": -1})
    clock = asyncio.get_running_loop().time
    async with open_with(addr=shared_server.address, keys_prefix=key) as consul, consul.followed() as news:
        began_s = clock()
        for number in range(100):
            await asyncio.to_thread(shared_server.put, key, {"number": number})
        last: dict[str, object] = {}
        count = 0
        while last != {"number": 99}:
            last = await asyncio.wait_for(news.get(), 5)
            count += 1
        assert count <= 2 + (clock() - began_s) / SPACING_S


async def test_no_change_is_followed_with_an_interval_of_zero(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    shared_server.put(key, {"debug": True})
    async with open_with(addr=shared_server.address, keys_prefix=key, watch_interval=0) as consul:
        shared_server.put(key, {"debug": False})
        assert [values async for values in consul.source.changes()] == []


async def test_a_wait_that_ends_without_a_change_is_followed_by_another(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    shared_server.put(key, {"debug": True})
    async with (
        open_with(addr=shared_server.address, keys_prefix=key, watch_interval=1) as consul,
        consul.followed() as news,
    ):
        await asyncio.sleep(2.5)
        assert (consul.messages(), news.empty()) == ([], True)
        shared_server.put(key, {"debug": False})
        assert await asyncio.wait_for(news.get(), 5) == {"debug": False}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "holds no JSON: line 1 column 1"),
        ('{"debug": hunter2}', "holds no JSON: line 1 column 11"),
        ('["debug"]', "must hold one JSON object, not a list"),
        ("true", "must hold one JSON object, not true or false"),
        ('{"a": 1, "b": {"x": 1, "x": 2}}', "holds JSON that cannot be used: the key x is given twice"),
        ('{"a": NaN}', "holds JSON that cannot be used: NaN is no number of JSON"),
    ],
)
async def test_a_value_that_is_no_object_is_told_at_the_start_and_later(
    shared_server: ConsulServer, open_with: OpenConsul, value: str, words: str
) -> None:
    key = "tests/no-object"
    shared_server.put(key, value)
    settings = {"addr": shared_server.address, "keys_prefix": key}
    with pytest.raises(StepError) as info:
        async with open_with(**settings):
            raise AssertionError("it opens")
    assert f"open failed: consul_addr {shared_server.address}, key {key}: {words}" in str(info.value)
    assert "hunter2" not in str(info.value)
    shared_server.put(key, {"debug": True})
    async with open_with(**settings) as consul, consul.followed() as news:
        shared_server.put(key, value)
        told = await consul.until_told(words)
        assert told.startswith("The last settings stay: ")
        assert await consul.read() == {"debug": True}
        shared_server.put(key, {"debug": False})
        assert await asyncio.wait_for(news.get(), 5) == {"debug": False}
        assert consul.messages()[-1].startswith("Settings are followed again: ")
        assert len(consul.messages(logging.WARNING)) == 1


async def test_a_key_that_is_missing_is_told_at_the_start_and_later(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    settings = {"addr": shared_server.address, "keys_prefix": key}
    with pytest.raises(StepError, match=r"does not exist \(consul_keys_prefix"):
        async with open_with(**settings):
            raise AssertionError("it opens")
    shared_server.put(key, {"debug": True})
    async with open_with(**settings) as consul, consul.followed() as news:
        shared_server.delete(key)
        await consul.until_told("does not exist")
        assert await consul.read() == {"debug": True}
        shared_server.put(key, {"debug": True, "trace": True})
        assert await asyncio.wait_for(news.get(), 5) == {"debug": True, "trace": True}
    shared_server.put(key, "null")
    with pytest.raises(StepError, match="must hold"):
        async with open_with(**settings):
            raise AssertionError("a cached value is used although Consul answers")


async def test_a_value_as_large_as_the_server_allows_is_read(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    value = {"text": "x" * 500_000}
    shared_server.put(key, json.dumps(value))
    async with open_with(addr=shared_server.address, keys_prefix=key) as consul:
        assert await consul.read() == value


async def test_a_data_centre_that_is_not_there_is_named_with_its_setting(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    shared_server.put(key, {"debug": True})
    settings = {"addr": shared_server.address, "keys_prefix": key}
    async with open_with(**settings, datacenter="dc1") as consul:
        assert await consul.read() == {"debug": True}
    with pytest.raises(StepError, match=r"No path to datacenter.*consul_datacenter"):
        async with open_with(**settings, datacenter="nowhere"):
            raise AssertionError("it opens")


async def test_a_namespace_is_sent(shared_server: ConsulServer, key: str, open_with: OpenConsul) -> None:
    with pytest.raises(StepError, match=r'"ns" - Namespaces are a Consul Enterprise feature.*consul_namespace'):
        async with open_with(addr=shared_server.address, keys_prefix=key, namespace="team"):
            raise AssertionError("it opens")
