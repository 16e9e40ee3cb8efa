import base64
import json
import math
from typing import Any

import pytest
from tarmac_sql import SQLError
from tarmac_sql.backend import ConversionError
from tarmac_sql.rows import RowLimits, RowWriter


def written(row: tuple[Any, ...], *, is_go: bool = False, columns: str = "ba", converters: Any = (None, None)) -> bytes:
    writer = RowWriter(columns, converters, RowLimits(0, 10_000), is_go=is_go)
    writer.add([row])
    return writer.finish().data


def test_natural_rows_keep_the_order_of_columns_and_go_rows_are_sorted() -> None:
    assert written((1, 2)) == b'[{"b":1,"a":2}]'
    assert written((1, 2), is_go=True) == b'[{"a":2,"b":1}]'


def test_bytes_are_base64_text_and_numbers_are_exact() -> None:
    assert json.loads(written((b"\x00\xff", 2**63 - 1))) == [
        {"b": base64.b64encode(b"\x00\xff").decode(), "a": 2**63 - 1}
    ]


def test_what_go_escapes_is_escaped() -> None:
    assert written(("<&>", "\u2028\ud800")) == b'[{"b":"\\u003c\\u0026\\u003e","a":"\\u2028\\ufffd"}]'


@pytest.mark.parametrize(
    ("value", "text", "name"),
    [(math.nan, "NaN", "NaN"), (math.inf, "Infinity", "+Inf"), (-math.inf, "-Infinity", "-Inf")],
)
def test_numbers_that_json_lacks_are_text_or_as_in_go_an_error(value: float, text: str, name: str) -> None:
    assert json.loads(written((value, 1.5))) == [{"b": text, "a": 1.5}]
    assert json.loads(written(([value], {"x": value}))) == [{"b": [text], "a": {"x": text}}]
    with pytest.raises(ConversionError) as raised:
        written((value, 1.5), is_go=True)
    assert str(raised.value) == f"json: unsupported value: {name}"


def test_go_writes_whole_floats_as_whole_numbers() -> None:
    assert written((2.0, 1e22), is_go=True) == b'[{"a":1e+22,"b":2}]'


def test_converters_see_each_value_but_null() -> None:
    assert written((None, 2), converters=(str, str)) == b'[{"b":null,"a":"2"}]'


def test_a_type_that_nobody_converts_is_an_error() -> None:
    with pytest.raises(ConversionError, match="complex"):
        written((1j, 2))


def test_limits_count_rows_and_bytes_over_all_chunks() -> None:
    writer = RowWriter("a", (None,), RowLimits(3, 10_000), is_go=False)
    writer.add([(1,), (2,)])
    writer.add([(3,)])
    assert writer.finish().data == b'[{"a":1},{"a":2},{"a":3}]'
    with pytest.raises(SQLError, match="more than 3 rows"):
        writer.add([(4,)])
    small = RowWriter("a", (None,), RowLimits(0, 20), is_go=False)
    small.add([(1,), (2,)])
    with pytest.raises(SQLError, match="more than 20 bytes"):
        small.add([(3,)])
