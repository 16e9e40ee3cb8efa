import pytest
from pydantic import SecretStr, ValidationError

from tarmac_core.plugin import PluginSettings, setting


class Example(PluginSettings):
    is_on: bool = setting(False, "A switch.")
    count: int | None = setting(None, "A number.", unit="s", aliases=("old_count",), ge=0)
    share: float = setting(0.5, "A share.")
    hosts: tuple[str, ...] = setting((), "Some hosts.")
    password: SecretStr = setting(SecretStr(""), "A secret.")


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("T", True), ("true", True), ("F", False), ("", False), ("0", False)]
)
def test_a_bool_is_read_as_upstream_reads_it(text: str, value: bool) -> None:
    assert Example.model_validate({"is_on": text}).is_on is value


@pytest.mark.parametrize(("text", "value"), [("600", 600), ("0600", 0o600), ("0x10", 16), ("", 0), (" 5 ", 5)])
def test_an_int_is_read_in_its_own_base(text: str, value: int) -> None:
    assert Example.model_validate({"count": text}).count == value


@pytest.mark.parametrize("text", ["a b", "a,b", " a ,  b "])
def test_a_list_splits_on_white_space_and_commas(text: str) -> None:
    assert Example.model_validate({"hosts": text}).hosts == ("a", "b")


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("is_on", "maybe", "is not a bool"),
        ("count", "ten", "is not a whole number"),
        ("count", "089", "is not a whole number"),
        ("count", "-1", "greater than or equal to 0"),
        ("share", "half", "is not a number"),
    ],
)
def test_wrong_text_is_an_error_not_zero(field: str, text: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        Example.model_validate({field: text})
    assert text not in str(caught.value), "the value may be a secret"


def test_a_misspelt_field_is_an_error() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Example.model_validate({"hots": "a"})


def test_a_declaration_carries_unit_and_aliases() -> None:
    extra = Example.model_fields["count"].json_schema_extra
    assert extra == {"unit": "s", "aliases": ["old_count"]}


def test_a_secret_is_not_in_the_text_of_the_settings() -> None:
    assert "hush" not in repr(Example(password=SecretStr("hush")))
