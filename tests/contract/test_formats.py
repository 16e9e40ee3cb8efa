"""Whether a payload is protobuf or JSON, for every host call that takes both."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from tarmac_httpclient.httpclient_pb2 import HTTPClient
from tarmac_kv.kvstore_pb2 import KVStoreCas, KVStoreDelete, KVStoreGet, KVStoreSet
from tarmac_metrics.metrics_pb2 import MetricsCounter, MetricsGauge, MetricsHistogram
from tarmac_sql.sql_pb2 import SQLExec, SQLQuery

from tarmac_core.plugin.wire.go_json import JSONError, read_object
from tarmac_core.plugin.wire.protobuf import parse

Kind = Callable[..., Message]

# With the member that each JSON request has, and the others of the original.
REQUESTS: list[tuple[Kind, str, tuple[str, ...]]] = [
    (KVStoreGet, "key", ()),
    (KVStoreSet, "key", ("data",)),
    (KVStoreDelete, "key", ()),
    (KVStoreCas, "key", ("expected", "data")),
    (SQLQuery, "query", ()),
    (SQLExec, "query", ()),
    (HTTPClient, "url", ("method", "body")),
    (MetricsCounter, "name", ()),
    (MetricsGauge, "name", ("action",)),
    (MetricsHistogram, "name", ()),
]
every_request = pytest.mark.parametrize(
    ("kind", "member", "others"), REQUESTS, ids=lambda one: getattr(one, "__name__", "")
)

texts = st.text(max_size=200) | st.text('{}" :,\\n\t{key}', max_size=40)
leads = st.text(" \t\r\n", max_size=4)


@every_request
@given(data=st.data())
@settings(max_examples=200)
def test_a_json_request_is_json_with_any_white_space_before_it(
    kind: Any, member: str, others: tuple[str, ...], data: st.DataObject
) -> None:
    members = {name: data.draw(texts) for name in (member, *others)}
    indent = data.draw(st.sampled_from([None, 1, 2]))
    is_ascii = data.draw(st.booleans())
    text = json.dumps(_in_any_case(members, data), indent=indent, ensure_ascii=is_ascii)
    payload = (data.draw(leads) + text).encode("utf-8", "surrogatepass")
    assert parse(kind, payload, member) is None
    assert set(read_object(payload)) == set(members)


def _in_any_case(members: Mapping[str, str], data: st.DataObject) -> dict[str, str]:
    return {data.draw(st.sampled_from([name, name.upper(), name.title()])): value for name, value in members.items()}


@every_request
@given(data=st.data())
@settings(max_examples=200)
def test_a_message_is_read_as_itself(kind: Any, member: str, others: tuple[str, ...], data: st.DataObject) -> None:
    message = kind()
    for name in (member, *others):
        if data.draw(st.booleans()):
            value = data.draw(st.binary(max_size=200) | texts.map(lambda text: text.encode("utf-8", "replace")))
            is_text = (
                message.DESCRIPTOR.fields_by_name[name].type == message.DESCRIPTOR.fields_by_name[name].TYPE_STRING
            )
            setattr(message, name, value.decode("utf-8", "replace") if is_text else value)
    payload = message.SerializeToString()
    if not _is_also_json(payload, member):
        assert parse(kind, payload, member) == message


@every_request
@given(payload=st.binary(max_size=300))
@settings(max_examples=200)
def test_no_bytes_are_an_error_of_ours(kind: Any, member: str, others: tuple[str, ...], payload: bytes) -> None:
    message = parse(kind, payload, member)
    if message is None:
        try:
            read_object(payload)
        except JSONError:
            return
    else:
        assert isinstance(message, kind)


def _is_also_json(payload: bytes, member: str) -> bool:
    """A key of 9, 10, 13 or 32 bytes that is a JSON request itself; JSON wins, as documented."""
    try:
        return member in read_object(payload)
    except JSONError:
        return False
