"""Every key-value backend behind the whole server: as default and as named store, with grants, asked by a guest."""

from collections.abc import Iterator

import pytest
from tarmac_kv.kvstore_pb2 import (
    KVStoreDelete,
    KVStoreGet,
    KVStoreGetResponse,
    KVStoreKeys,
    KVStoreKeysResponse,
    KVStoreSet,
)

from tests.services.stores import EMBEDDED, SERVERS, lines
from tests.together.server import Server, listening, write_manifest
from tests.unit.dispatch.guests import RELAY, host_call, outcome

GRANTS = {
    "free": None,
    "users": {"kvstore": {"stores": ["default", "second"], "prefix": "users/"}},
    "reader": {"kvstore": {"stores": ["second"], "read_only": True}},
    "nothing": {},
}
BINARY = bytes(range(256))


@pytest.fixture(scope="module", params=[*EMBEDDED, *SERVERS])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose functions do the host call that they are sent, on two stores of one backend."""
    backend: str = request.param
    folder = tmp_path_factory.mktemp(backend)
    (folder / "relay.wasm").write_bytes(RELAY)
    functions = {
        name: {"filepath": "relay.wasm"} | ({} if grants is None else {"grants": grants})
        for name, grants in GRANTS.items()
    }
    write_manifest(folder, functions)
    with {**EMBEDDED, **SERVERS}[backend](folder) as store:
        (folder / "config.toml").write_text("\n".join(lines(backend, store)))
        with listening(folder, "tarmac.json", "--config", "config.toml") as running:
            yield running
            assert running.stop() == 0


def ask(server: Server, function: str, store: str, operation: str, request: bytes) -> tuple[bool, str, bytes]:
    """One host call of a function: flag, error text, payload."""
    answer = server.ask(host_call(store, "kvstore", operation, request), f"/{function}")
    assert answer.code == 200
    return outcome(answer.body)


def set_(server: Server, function: str, store: str, key: bytes, data: bytes) -> tuple[bool, str]:
    return ask(server, function, store, "set", KVStoreSet(key=key, data=data).SerializeToString())[:2]


def get(server: Server, function: str, store: str, key: bytes) -> bytes | str:
    """The value, or the error."""
    is_ok, error, payload = ask(server, function, store, "get", KVStoreGet(key=key).SerializeToString())
    return KVStoreGetResponse.FromString(payload).data if is_ok else error


def keys(server: Server, function: str, store: str) -> set[bytes]:
    request = KVStoreKeys(return_proto=True).SerializeToString()
    return set(KVStoreKeysResponse.FromString(ask(server, function, store, "keys", request)[2]).keys)


def test_a_function_without_grants_uses_the_default_store_by_each_of_its_names_and_no_other(server: Server) -> None:
    assert set_(server, "free", "tarmac", b"free", BINARY) == (True, "")
    assert [get(server, "free", name, b"free") for name in ("tarmac", "default", "")] == [BINARY] * 3
    refusal = 'not granted: store "second" needs a grant, and function free has no grants'
    assert set_(server, "free", "second", b"free", BINARY) == (False, refusal)


def test_a_granted_store_is_reached_by_its_name_and_shares_no_key_with_the_default_one(server: Server) -> None:
    assert set_(server, "users", "default", b"users/1", b"of the default store") == (True, "")
    assert set_(server, "users", "second", b"users/1", b"") == (True, "")
    assert get(server, "users", "default", b"users/1") == b"of the default store"
    assert get(server, "users", "second", b"users/1") == b""


def test_a_prefix_holds_for_every_operation(server: Server) -> None:
    assert set_(server, "free", "", b"other/1", b"x") == (True, "")
    refusal = 'not granted: keys must begin with "users/" (grants.kvstore.prefix)'
    assert get(server, "users", "default", b"other/1") == refusal
    assert set_(server, "users", "default", b"other/1", b"y") == (False, refusal)
    request = KVStoreDelete(key=b"other/1").SerializeToString()
    assert ask(server, "users", "default", "delete", request)[:2] == (False, refusal)
    assert set_(server, "users", "default", b"users/2", b"x") == (True, "")
    assert {b"users/2"} <= keys(server, "users", "default") <= {b"users/1", b"users/2"}
    assert get(server, "free", "", b"other/1") == b"x"


def test_a_read_only_grant_reads_and_changes_nothing(server: Server) -> None:
    assert set_(server, "users", "second", b"users/9", b"kept") == (True, "")
    assert get(server, "reader", "second", b"users/9") == b"kept"
    refusal = (False, "not granted: the store may only be read (grants.kvstore.read_only)")
    assert set_(server, "reader", "second", b"users/9", b"changed") == refusal
    assert get(server, "users", "second", b"users/9") == b"kept"


def test_a_store_that_is_not_in_the_grant_is_refused(server: Server) -> None:
    assert "grants.kvstore" in str(get(server, "reader", "default", b"free"))
    assert "grants" in str(get(server, "nothing", "default", b"free"))


def test_readiness_asks_both_stores(server: Server) -> None:
    answer = server.ask(path="/ready?verbose", method="GET")
    assert (answer.code, answer.body) == (200, b'{"ok": true, "problems": {}}')
