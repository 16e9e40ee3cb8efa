from hypothesis import given
from hypothesis import strategies as st

from tarmac_core.config.node import Node, as_node
from tarmac_core.config.values import flatten

_keys = st.text("abAB_", min_size=1, max_size=4)
_tables = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(_keys, inner, max_size=4),
    max_leaves=15,
)


def leaves(value: object, path: str = "") -> list[tuple[str, object]]:
    if not isinstance(value, dict):
        return [(path, value)]
    return [leaf for key, child in value.items() for leaf in leaves(child, f"{path}_{key}" if path else key)]


@given(st.dictionaries(_keys, _tables, max_size=5))
def test_every_leaf_is_a_lower_case_key_or_is_named_as_given_twice(table: dict[str, object]) -> None:
    flat = flatten(as_node(table), "here")
    expected = [(path.lower(), value) for path, value in leaves(table)]
    assert set(flat) == {path for path, _ in expected}
    assert sum(1 + len(value.also) for value in flat.values()) == len(expected)
    for path, value in reversed(expected):
        first = next(one for other, one in expected if other == path)
        assert flat[path].value == first, value


def test_sources_name_the_line() -> None:
    root = Node({"Redis": Node({"Server": Node("x", 4, 1)}, 3, 1), "redis_server": Node("y", 9, 1)}, 1, 1)
    value = flatten(root, "conf/config.toml")["redis_server"]
    assert (value.source, value.also) == ("conf/config.toml line 4", ("conf/config.toml line 9",))


def test_unset_members_are_left_out() -> None:
    assert flatten(as_node({"a": None, "b": {"c": None}, "d": {}}), "x") == {}


def test_values_are_not_in_the_repr() -> None:
    assert "hunter2" not in repr(flatten(as_node({"redis_password": "hunter2"}), "x"))
