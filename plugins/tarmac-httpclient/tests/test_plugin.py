"""What core reads of the plugin, and what is left when it is closed."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_httpclient.grant import HTTPClientGrant
from tarmac_httpclient.plugin import HTTPClientPlugin
from tarmac_httpclient.settings import HTTPClientSettings

from tarmac_core.testing import PluginHarness


def test_neither_aiohttp_nor_protobuf_is_loaded_before_it_is_used() -> None:
    program = (
        "import sys, tarmac_httpclient.plugin; sys.exit('aiohttp' in sys.modules or 'google.protobuf' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)


async def test_the_capability_has_one_operation_and_a_grant(tmp_path: Path) -> None:
    async with PluginHarness(HTTPClientPlugin, data_dir=tmp_path) as plugin:
        (spec,) = plugin.declared.capabilities
        assert (spec.name, spec.grant_model, spec.backend_type) == ("httpclient", HTTPClientGrant, None)
        assert set((await plugin.capability()).operations) == {"call"}


@pytest.mark.parametrize(("value", "limit"), [("5", 5), ("0", 10_485_760), ("-1", 10_485_760)])
def test_no_limit_is_the_default_limit(value: str, limit: int) -> None:
    assert HTTPClientSettings.model_validate({"max_response_bytes": value}).max_response_bytes == limit


@pytest.mark.parametrize(
    "wrong", [{"proxy": "proxy:3128"}, {"proxy": "socks5://p:1"}, {"no_proxy": "a/b"}, {"timeout_s": 0}]
)
def test_wrong_settings_are_errors_that_do_not_show_a_secret(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as raised:
        HTTPClientSettings.model_validate(wrong)
    assert "3128" not in str(raised.value)


async def test_a_file_of_authorities_that_cannot_be_read_ends_the_start_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    for content in (None, "no certificate"):
        if content is not None:
            path.write_text(content)
        async with PluginHarness(HTTPClientPlugin, {"ca_file": str(path)}, data_dir=tmp_path) as plugin:
            with pytest.raises(Exception, match=f"open failed: httpclient_ca_file {path}: .*mend"):
                await plugin.capability()


async def test_nothing_is_left_after_a_close_with_kept_connections(server: Any, opened: Any, names: Any) -> None:
    async with opened() as guest:
        await asyncio.gather(*(guest.get(server.url(host="localhost")) for _ in range(20)))
        assert len(server.connections) > 1
    open_ends = len([one for one in server.seen if one.transport and not one.transport.is_closing()])
    await asyncio.sleep(0.05)
    assert [one for one in server.seen if one.transport and not one.transport.is_closing()] == [], open_ends


async def test_no_more_connections_are_open_than_the_limit_says(server: Any, opened: Any) -> None:
    async with opened(max_connections=2) as guest:
        replies = await asyncio.gather(*(guest.get(server.url()) for _ in range(20)))
    assert {reply.body for reply in replies} == {b"hello"}
    assert len(server.connections) <= 2


async def test_two_functions_at_once_do_not_mix_their_answers(server: Any, guest: Any) -> None:
    for number in range(50):
        server.on(f"/{number}", body=str(number).encode())
    replies = await asyncio.gather(*(guest.get(server.url(f"/{number}")) for number in range(50)))
    assert [reply.body for reply in replies] == [str(number).encode() for number in range(50)]
