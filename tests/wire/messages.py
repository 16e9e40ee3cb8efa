"""Every message of the `.proto` files as the host's own runtime has them, and strategies that fill them."""

import math
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st
from tarmac_httpclient import httpclient_pb2
from tarmac_kv import kvstore_pb2
from tarmac_metrics import metrics_pb2
from tarmac_sql import sql_pb2

from tarmac_core.dispatch import exchange_pb2

MODULES = (exchange_pb2, httpclient_pb2, kvstore_pb2, metrics_pb2, sql_pb2)
DESCRIBED: dict[str, Descriptor] = {
    described.full_name: described
    for module in MODULES
    for described in module.DESCRIPTOR.message_types_by_name.values()
}
MESSAGES: dict[str, type[Message]] = {name: GetMessageClass(described) for name, described in DESCRIBED.items()}

_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.TYPE_DOUBLE: st.floats() | st.sampled_from([math.nan, -0.0, math.inf, 5e-324]),
    FieldDescriptor.TYPE_STRING: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=200) | st.sampled_from([b"", b"\xff\xfe", b"\x00"]),
}

# Fields that no message has: a number, bytes, a double, four bytes, and a group with a field in it.
UNKNOWN = (
    b"\xc0\x3e\x01",
    b"\xca\x3e\x02\xff\x00",
    b"\xd1\x3e" + b"\x01" * 8,
    b"\xdd\x3e\x01\x02\x03\x04",
    b"\xe3\x3e\x08\x01\xe4\x3e",
)


def is_plain(described: Descriptor) -> bool:
    """Whether a message has fields, and no map among them."""
    maps = [field for field in described.fields if field.message_type and field.message_type.GetOptions().map_entry]
    return bool(described.fields) and not maps


def filled(described: Descriptor) -> st.SearchStrategy[Message]:
    """Messages of one kind, each field set or not."""
    fields = {field.name: _values(field) for field in described.fields}
    chosen = st.fixed_dictionaries({}, optional=fields)
    return chosen.map(lambda values: _build(described, values))


def _values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        keys, values = (_one(inner.fields_by_name[name]) for name in ("key", "value"))
        return st.dictionaries(keys, values, max_size=3)
    return st.lists(_one(field), max_size=3) if field.is_repeated else _one(field)


def _one(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    return _SCALARS[field.type] if field.message_type is None else filled(field.message_type)


def _build(described: Descriptor, values: dict[str, Any]) -> Message:
    message = GetMessageClass(described)()
    for name, value in values.items():
        field = described.fields_by_name[name]
        if isinstance(value, dict):
            target = getattr(message, name)
            for key, one in value.items():
                if isinstance(one, Message):
                    target[key].CopyFrom(one)
                else:
                    target[key] = one
        elif isinstance(value, list):
            getattr(message, name).extend(value)
        elif field.message_type is not None:
            getattr(message, name).CopyFrom(value)
        else:
            setattr(message, name, value)
    return message
