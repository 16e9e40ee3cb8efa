"""The byte vectors of `sdk/proto/vectors.json`: what each says, to the host's runtime and to Google's Go implementation."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict

from tests.guests.builder.paths import ROOT
from tests.wire.conftest import Go
from tests.wire.messages import MESSAGES


@dataclass(frozen=True)
class Vector:
    """Bytes of one message, and what they say in protobuf's JSON. Most are also what a writer makes of that."""

    message: str
    what: str
    says: Any
    hex: str
    is_only_read: bool = False


VECTORS = [Vector(**row) for row in json.loads((ROOT / "sdk" / "proto" / "vectors.json").read_text(encoding="utf-8"))]
EACH = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector.message} {vector.what}")


def test_every_message_has_a_vector() -> None:
    assert {vector.message for vector in VECTORS} == set(MESSAGES)


@EACH
def test_the_host_reads_and_writes_it(vector: Vector) -> None:
    kind = MESSAGES[vector.message]
    assert MessageToDict(kind.FromString(bytes.fromhex(vector.hex))) == vector.says
    if not vector.is_only_read:
        assert ParseDict(vector.says, kind()).SerializeToString(deterministic=True).hex() == vector.hex


@EACH
def test_go_reads_and_writes_it(go: Go, vector: Vector) -> None:
    assert go.read(vector.message, bytes.fromhex(vector.hex)) == vector.says
    if not vector.is_only_read:
        assert go.write(vector.message, vector.says).hex() == vector.hex
