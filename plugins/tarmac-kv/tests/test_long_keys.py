"""Long keys on stores with short ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tarmac_kv import LongKeys

SHORT = LongKeys(64)


@given(st.binary(min_size=1, max_size=300), st.binary(max_size=50))
def test_key_and_value_come_back(key: bytes, value: bytes) -> None:
    stored = SHORT.stored(key)
    assert len(stored) <= 64
    opened, view = SHORT.unpack(stored, SHORT.pack(key, value))
    assert (opened, bytes(view)) == (key, value)


@given(st.sets(st.binary(min_size=60, max_size=70), min_size=2))
def test_different_keys_are_stored_apart(keys: set[bytes]) -> None:
    assert len({SHORT.stored(key) for key in keys}) == len(keys)


@given(st.binary(min_size=1, max_size=100), st.integers(0, 100))
def test_a_prefix_finds_the_stored_key(key: bytes, length: int) -> None:
    assert SHORT.stored(key).startswith(SHORT.start(key[:length]))


def test_a_limit_without_room_for_the_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="must be more than the 32 bytes"):
        LongKeys(32)
