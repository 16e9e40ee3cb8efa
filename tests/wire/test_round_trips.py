"""Messages of the host's protobuf runtime are the same to Google's Go implementation, and the other way round."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet
from hypothesis import given, settings
from hypothesis import strategies as st

from tarmac_core.wapc import GuestError
from tests.wire.conftest import Go
from tests.wire.messages import DESCRIBED, MESSAGES, UNKNOWN, filled, is_plain

EACH = pytest.mark.parametrize("name", sorted(MESSAGES))
MANY = settings(max_examples=25)


def said(message: Message) -> Any:
    """What a message says; NaN is equal to itself here."""
    return MessageToDict(message)


def test_both_implementations_have_every_message(go: Go) -> None:
    assert go.names() == sorted(MESSAGES)


@EACH
@MANY
@given(data=st.data())
def test_what_the_host_writes_says_the_same_in_go(go: Go, name: str, data: st.DataObject) -> None:
    message = data.draw(filled(DESCRIBED[name]))
    assert go.read(name, message.SerializeToString()) == said(message)


@EACH
@MANY
@given(data=st.data())
def test_what_go_writes_is_what_the_host_reads(go: Go, name: str, data: st.DataObject) -> None:
    message = data.draw(filled(DESCRIBED[name]))
    written = go.write(name, said(message))
    assert said(MESSAGES[name].FromString(written)) == said(message)
    assert len(written) == message.ByteSize()


@EACH
@MANY
@given(data=st.data(), unknown=st.lists(st.sampled_from(UNKNOWN), min_size=1, max_size=4))
def test_fields_of_later_versions_pass_through_both(
    go: Go, name: str, data: st.DataObject, unknown: list[bytes]
) -> None:
    message = data.draw(filled(DESCRIBED[name]))
    sent = message.SerializeToString() + b"".join(unknown)
    here = MESSAGES[name].FromString(sent)
    there = MESSAGES[name].FromString(go.again(name, sent))
    assert said(here) == said(there) == said(message)
    assert len(UnknownFieldSet(here)) == len(UnknownFieldSet(there)) == len(unknown)


# The host's runtime sets the whole entry of a map aside for a field that it does not know, Go only the field; and it takes
# a field 0 where a message has no fields.
@pytest.mark.parametrize("name", sorted(name for name, described in DESCRIBED.items() if is_plain(described)))
@MANY
@given(data=st.data(), place=st.integers(0, 100), noise=st.binary(min_size=1, max_size=3))
def test_spoiled_bytes_that_both_can_read_say_the_same_to_both(
    go: Go, name: str, data: st.DataObject, place: int, noise: bytes
) -> None:
    sound = data.draw(filled(DESCRIBED[name])).SerializeToString()
    spoiled = sound[:place] + noise + sound[place + 1 :]
    here, there = _read_here(name, spoiled), _read_there(go, name, spoiled)
    assert here is None or there is None or here == there


def _read_here(name: str, message: bytes) -> Any:
    try:
        return said(MESSAGES[name].FromString(message))
    except DecodeError:
        return None


def _read_there(go: Go, name: str, message: bytes) -> Any:
    try:
        return go.read(name, message)
    except GuestError:
        return None
