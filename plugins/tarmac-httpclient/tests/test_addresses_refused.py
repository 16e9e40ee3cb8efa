"""Which addresses are connected, whoever asks and by whatever way a name leads there."""

import asyncio
from typing import Any

import pytest

ANY = {"hosts": ["*"]}
PRIVATE = {"hosts": ["*"], "private": True}
LINK_LOCAL = "not allowed: {} leads to a link-local address, which no function may reach"
NOT_PRIVATE = "not allowed: {} leads to a private address (grants.httpclient.private, httpclient_allow_private)"


async def test_a_function_without_grants_reaches_private_addresses(server: Any, guest: Any) -> None:
    assert (await guest.get(server.url())).body == b"hello"


async def test_a_grant_closes_private_addresses_unless_it_opens_them(server: Any, guest: Any) -> None:
    refused = await guest.granted(server.url(), ANY)
    assert (refused.code, refused.error) == (403, NOT_PRIVATE.format("127.0.0.1"))
    assert (await guest.granted(server.url(), PRIVATE)).is_ok
    assert len(server.seen) == 1


async def test_a_connection_of_one_function_never_serves_another_under_a_stricter_rule(server: Any, guest: Any) -> None:
    await guest.get(server.url())
    assert (await guest.granted(server.url(), ANY)).code == 403
    assert len(server.seen) == 1


@pytest.mark.parametrize("grant", [None, PRIVATE])
async def test_the_configuration_closes_private_addresses_for_all(server: Any, opened: Any, grant: Any) -> None:
    async with opened(allow_private=False) as guest:
        answer = await guest.call(server.url(), call={"grant": grant})
    assert (answer.code, answer.error) == (403, NOT_PRIVATE.format("127.0.0.1"))
    assert server.seen == []


@pytest.mark.parametrize("grant", [None, ANY, PRIVATE])
@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"])
async def test_link_local_addresses_are_closed_to_everyone(guest: Any, host: str, grant: Any) -> None:
    answer = await guest.call(f"http://{host}/latest/meta-data", call={"grant": grant})
    assert (answer.code, answer.error.partition(" leads")[2]) == (403, LINK_LOCAL.partition(" leads")[2])


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.1", "0177.0.0.1", "localhost", "127.0.0.1."])
async def test_no_other_spelling_of_a_private_address_gets_through(server: Any, guest: Any, host: str) -> None:
    answer = await guest.granted(server.url(host=host), ANY)
    assert not answer.is_ok
    assert server.seen == []


async def test_a_redirect_to_a_closed_address_is_refused(server: Any, opened: Any, names: Any) -> None:
    server.on("/", 302, Location="http://169.254.169.254/latest")
    server.on("/named", 302, Location="http://metadata.test/")
    async with opened(names(["169.254.169.254"])) as guest:
        answer = await guest.call(server.url())
        assert (answer.code, answer.error) == (403, LINK_LOCAL.format("169.254.169.254"))
        answer = await guest.call(server.url("/named"))
        assert (answer.code, answer.error) == (403, LINK_LOCAL.format("metadata.test"))


async def test_a_name_whose_address_changes_is_refused_from_then_on(server: Any, opened: Any, names: Any) -> None:
    server.on("/", Connection="close")
    changing = names(["127.0.0.1"], ["169.254.169.254"])
    async with opened(changing, dns_cache_s=0) as guest:
        url = server.url(host="rebind.test")
        assert (await guest.get(url)).code == 200
        answer = await guest.call(url)
    assert (answer.code, answer.error) == (403, LINK_LOCAL.format("rebind.test"))
    assert len(server.seen) == 1


async def test_what_is_connected_is_what_was_checked(server: Any, opened: Any, names: Any) -> None:
    # The first answer is public, as a check would like it; a second look-up would lead to the server.
    changing = names(["192.88.99.1"], ["127.0.0.1"])
    async with opened(changing, timeout_s=0.5, dns_cache_s=0) as guest:
        answer = await guest.granted(server.url(host="rebind.test"), ANY)
        assert (answer.code, changing.asked) == (500, ["rebind.test"])
        answer = await guest.granted(server.url(host="rebind.test"), ANY)
        assert (answer.code, answer.error) == (403, NOT_PRIVATE.format("rebind.test"))
    assert server.seen == []


async def test_of_several_addresses_only_the_permitted_ones_are_tried(server: Any, opened: Any, names: Any) -> None:
    mixed = names(["169.254.169.254", "127.0.0.1"])
    async with opened(mixed) as guest:
        assert (await guest.get(server.url(host="mixed.test"))).code == 200


async def test_many_at_once_are_all_refused(server: Any, opened: Any, names: Any) -> None:
    async with opened(names(["127.0.0.1"])) as guest:
        url = server.url(host="private.test")
        answers = await asyncio.gather(*(guest.granted(url, ANY) for _ in range(20)))
    assert {answer.error for answer in answers} == {NOT_PRIVATE.format("private.test")}
    assert server.seen == []
