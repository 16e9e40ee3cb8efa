import os
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, field_validator, model_validator

from tarmac_core.config import Bound, Raw, bind, bind_flags, bind_store, read_raw
from tarmac_core.plugin import PluginSettings, setting


class Redis(PluginSettings):
    server: str = setting("", "Where it is.")
    password: SecretStr = setting(SecretStr(""), "How to get in.")
    database: int = setting(0, "Which one.", ge=0)
    timeout_s: float = setting(1.5, "How long.", unit="s", gt=0)
    tls: bool = setting(False, "Whether to encrypt.")
    servers: tuple[str, ...] = setting((), "Several.")
    mode: Literal["one", "many"] = setting("one", "Which kind.")
    filename: Path = setting(Path("a.db"), "File.", aliases=("boltdb_filename",))
    permissions: int = setting(0o600, "Of the file.", aliases=("boltdb_permissions",))


class Needy(PluginSettings):
    url: str = setting(..., "Where it is.", min_length=1)

    @field_validator("url")
    @classmethod
    def _check(cls, url: str) -> str:
        if "://" not in url:
            raise ValueError(f"{url} is no URL: write tcp://host")
        return url


def raw_of(folder: Path, toml: str = "", **environ: str) -> Raw:
    file = folder / "c.toml"
    file.write_text(toml)
    raw, problems = read_raw(environ=environ, file=file, cwd=folder)
    assert problems == []
    return raw


def redis(folder: Path, toml: str = "", **environ: str) -> Bound[Redis]:
    return bind(Redis, "redis", raw_of(folder, toml, **environ))


def told(bound: Bound[Redis]) -> str:
    assert bound.settings is None
    return "\n".join(map(str, bound.problems))


def test_text_is_read_by_the_type_of_its_field(tmp_path: Path) -> None:
    bound = redis(
        tmp_path,
        APP_REDIS_SERVER="a b",
        APP_REDIS_DATABASE="0x10",
        APP_REDIS_TIMEOUT_S="2",
        APP_REDIS_TLS="T",
        APP_REDIS_SERVERS="a:1,b:2  c:3",
        APP_BOLTDB_PERMISSIONS="0640",
        APP_REDIS_FILENAME="/x/y.db",
    )
    assert bound.problems == []
    assert bound.settings == Redis(
        server="a b",
        database=16,
        timeout_s=2,
        tls=True,
        servers=("a:1", "b:2", "c:3"),
        permissions=0o640,
        filename=Path("/x/y.db"),
    )


def test_empty_variables_are_false_zero_and_empty(tmp_path: Path) -> None:
    names = ("SERVER", "PASSWORD", "DATABASE", "TLS", "SERVERS", "PERMISSIONS")
    bound = redis(tmp_path, **{f"APP_REDIS_{name}": "" for name in names})
    assert bound.settings == Redis(permissions=0)


def test_typed_values_of_a_file_are_taken_as_they_are(tmp_path: Path) -> None:
    toml = '[redis]\nserver = 5\npassword = 1234\ndatabase = 3\ntls = true\nservers = ["a", "b"]\npermissions = 0o640\n'
    settings_ = redis(tmp_path, toml).settings
    assert settings_ == Redis(
        server="5", password=SecretStr("1234"), database=3, tls=True, servers=("a", "b"), permissions=0o640
    )


@given(st.integers(-(2**70), 2**70))
def test_whole_numbers_are_read_from_text_as_from_files(number: int) -> None:
    references = read_raw(environ={"APP_N_VALUE": str(number)}, file=None, cwd=Path("/nowhere"))[0]

    class Number(PluginSettings):
        value: int = setting(0, "A number.")

    assert bind(Number, "n", references).settings == Number(value=number)


def test_everything_wrong_is_told_at_once_with_key_source_and_remedy(tmp_path: Path) -> None:
    bound = redis(
        tmp_path,
        '[redis]\nserver = true\ndatabase = true\nservers = 5\nmode = "both"\n',
        APP_REDIS_TLS="yes",
        APP_REDIS_TIMEOUT_S="soon",
        APP_REDIS_PERMISSIONS="-rw",
    )
    assert told(bound).splitlines() == [
        "redis_server from c.toml line 2: must be text, not true or false (Where it is)",
        "redis_database from c.toml line 3: must be a whole number, not true or false (Which one)",
        "redis_timeout_s from APP_REDIS_TIMEOUT_S (environment): 'soon' is not a number (How long)",
        "redis_tls from APP_REDIS_TLS (environment): 'yes' is not a bool (use true or false)",
        "redis_servers from c.toml line 4: 5 must be a list (write a list)",
        "redis_mode from c.toml line 5: 'both' must be one of 'one' or 'many' (Which kind)",
        "redis_permissions from APP_REDIS_PERMISSIONS (environment): '-rw' is not a whole number (Of the file)",
    ]


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("DATABASE", "-1", "'-1' must be at least 0"),
        ("DATABASE", "1.5", "'1.5' is not a whole number"),
        ("DATABASE", "089", "is not a whole number"),
        ("TIMEOUT_S", "0", "must be more than 0"),
        ("TIMEOUT_S", "inf", "must be a finite number"),
        ("TIMEOUT_S", "nan", "must be"),
    ],
)
def test_numbers_out_of_range_are_problems(tmp_path: Path, variable: str, text: str, words: str) -> None:
    assert words in told(redis(tmp_path, **{f"APP_REDIS_{variable}": text}))


def test_a_required_setting_says_how_to_set_it(tmp_path: Path) -> None:
    problems = bind(Needy, "mq", raw_of(tmp_path)).problems
    remedy = "set APP_MQ_URL, or mq_url in the configuration file: Where it is"
    assert [str(problem) for problem in problems] == [f"mq_url: is required ({remedy})"]


def test_a_plugins_own_validator_speaks_for_itself(tmp_path: Path) -> None:
    problems = bind(Needy, "mq", raw_of(tmp_path, APP_MQ_URL="x")).problems
    assert str(problems[0]) == "mq_url from APP_MQ_URL (environment): 'x' x is no URL (write tcp://host)"


def test_an_alias_fills_its_field_and_two_names_for_one_are_a_problem(tmp_path: Path) -> None:
    assert redis(tmp_path, '[boltdb]\nfilename = "b.db"').settings == Redis(filename=Path("b.db"))
    both = redis(tmp_path, 'boltdb_filename = "b.db"', APP_REDIS_FILENAME="c.db")
    assert told(both) == (
        "redis_filename from APP_REDIS_FILENAME (environment): redis_filename is given 2 times "
        "(keep one of them: boltdb_filename from c.toml line 1)"
    )


def test_a_key_given_flat_and_in_a_table_is_a_problem(tmp_path: Path) -> None:
    words = told(redis(tmp_path, 'redis_server = "a"\n[redis]\nserver = "b"\n'))
    assert words == (
        "redis_server from c.toml line 1: redis_server is given 2 times (keep one of them: redis_server from c.toml line 3)"
    )


def test_references_are_fetched_when_the_model_is_filled(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    toml = '[redis]\npassword = "${file:secret}"\ndatabase = "${env:DB}"\nservers = ["${env:ONE}", "b"]\n'
    toml += 'server = "x${env:DB}"\n'
    bound = redis(tmp_path, toml, DB="7", ONE="a")
    assert bound.settings == Redis(password=SecretStr("hunter2"), database=7, servers=("a", "b"), server="x${env:DB}")


def test_what_references_lead_to_is_never_shown(tmp_path: Path) -> None:
    bound = redis(tmp_path, 'redis_server = "${env:X}"\nredis_servers = ["${env:X}", "plain"]', X="hunter2")
    shown = {row.key: (row.value, row.secret) for row in bound.rows}
    assert shown["redis_server"] == ("${env:X}", True)
    assert shown["redis_servers"] == (["${env:X}", "***"], True)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("${env:GONE}", "the variable GONE is not set (set GONE)"),
        ("${file:gone}", "cannot be read: No such file or directory"),
        ("${file:.}", "cannot be read: Is a directory"),
        ("${file:binary}", "does not hold UTF-8 text"),
        ("${file:large}", "larger than 1 MiB"),
        ("${file:pipe}", "is a pipe"),
    ],
)
def test_a_reference_that_leads_nowhere_is_a_problem(tmp_path: Path, reference: str, words: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"x" * (1024 * 1024 + 1))
    os.mkfifo(tmp_path / "pipe")
    text = told(redis(tmp_path, APP_REDIS_PASSWORD=reference))
    assert words in text
    assert text.startswith("redis_password from APP_REDIS_PASSWORD (environment): ")


def test_secrets_are_masked_in_rows_and_urls(tmp_path: Path) -> None:
    bound = redis(tmp_path, APP_REDIS_PASSWORD="hunter2", APP_REDIS_SERVER="redis://me:hunter2@host:1/0")
    rows = {row.key: row for row in bound.rows}
    assert (rows["redis_password"].value, rows["redis_password"].secret) == ("***", True)
    assert rows["redis_server"].value == "redis://me:***@host:1/0"
    assert "hunter2" not in repr(bound)


def test_rows_tell_value_and_source_also_when_something_is_wrong(tmp_path: Path) -> None:
    bound = redis(tmp_path, "[redis]\ndatabase = 3", APP_REDIS_TLS="yes", APP_REDIS_PASSWORD="hunter2")
    shown = {row.key: (row.value, row.source) for row in bound.rows}
    assert shown["redis_database"] == (3, "c.toml line 2")
    assert shown["redis_tls"] == ("yes", "APP_REDIS_TLS (environment)")
    assert shown["redis_timeout_s"] == (1.5, "default")
    assert shown["redis_password"][0] == "***"


class Leaky(PluginSettings):
    """Its validators repeat what they were given, as strangers' do."""

    token: SecretStr = setting(SecretStr(""), "Token.")
    address: str = setting("", "Address.")
    count: int = setting(0, "Count.")

    @field_validator("token", "address")
    @classmethod
    def _repeat(cls, value: SecretStr | str) -> SecretStr | str:
        if value:
            raise ValueError(f"wrong: {value.get_secret_value() if isinstance(value, SecretStr) else value!r}")
        return value


class LeakyRule(PluginSettings):
    token: SecretStr = setting(SecretStr(""), "Token.")
    user: str = setting("", "User.")

    @model_validator(mode="after")
    def _repeat(self) -> "LeakyRule":
        raise ValueError(f"{self.token.get_secret_value()!r} does not fit {self.user!r}")


class Address(PluginSettings):
    dsn: SecretStr = setting(SecretStr(""), "Where it is.")

    @field_validator("dsn")
    @classmethod
    def _check(cls, dsn: SecretStr) -> SecretStr:
        if not dsn.get_secret_value():
            raise ValueError("is not set: set it to HOST")
        return dsn


@pytest.mark.parametrize("environ", [{}, {"APP_X_DSN": ""}])
def test_a_secret_that_is_missing_or_empty_is_told_in_the_words_of_its_validator(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    problem = bind(Address, "x", raw_of(tmp_path, **environ)).problems[0]
    assert (problem.what, problem.remedy) == ("is not set", "set it to HOST")


@pytest.mark.parametrize("secret", ["hunter2", "it's", "a\nb\\c"])
def test_secrets_are_in_no_message(tmp_path: Path, secret: str) -> None:
    raw = raw_of(
        tmp_path, 'x_address = "${env:S}"\nx_count = "${env:S}"\ny_token = "${env:S}"', S=secret, APP_X_TOKEN=secret
    )
    problems = [*bind(Leaky, "x", raw).problems, *bind(LeakyRule, "y", raw).problems]
    raw = raw_of(tmp_path, 'y_user = "${env:S}"', S=secret)
    problems += bind(LeakyRule, "y", raw).problems
    assert len(problems) == 5
    for problem in problems:
        assert secret not in str(problem)
        assert repr(secret)[1:-1] not in str(problem)


def test_a_validator_that_breaks_is_a_problem_of_its_own_model(tmp_path: Path) -> None:
    class Broken(PluginSettings):
        a: str = setting("", "A.")

        @field_validator("a")
        @classmethod
        def _break(cls, value: str) -> str:
            raise TypeError(value)

    bound = bind(Broken, "b", raw_of(tmp_path, APP_B_A="hunter2"))
    assert [str(one) for one in bound.problems] == [
        "settings Broken: its validator failed with TypeError (report it to the plugin's author)"
    ]


def test_a_rule_about_several_fields_is_told_only_when_each_is_right(tmp_path: Path) -> None:
    class Pair(PluginSettings):
        low: int = setting(0, "Low.")
        high: int = setting(0, "High.")

        @model_validator(mode="after")
        def _ordered(self) -> "Pair":
            if self.low > self.high:
                raise ValueError("low is over high: lower it")
            return self

    wrong = bind(Pair, "p", raw_of(tmp_path, APP_P_LOW="2")).problems
    assert [str(one) for one in wrong] == ["settings low: low is over high (lower it)"]
    two = bind(Pair, "p", raw_of(tmp_path, APP_P_LOW="2", APP_P_HIGH="${env:GONE}")).problems
    assert [one.what for one in two] == ["the variable GONE is not set"]


def test_a_named_store_uses_the_backends_own_names(tmp_path: Path) -> None:
    toml = '[stores.s]\ncapability="kvstore"\nbackend="redis"\nserver="${env:S}"\nfilename="f"\n'
    bound = bind_store(Redis, raw_of(tmp_path, toml, S="here", APP_REDIS_DATABASE="5").stores["s"])
    assert bound.settings == Redis(server="here", filename=Path("f"))
    assert {row.key: row.source for row in bound.rows}["stores.s.filename"] == "c.toml line 5"


def test_wrong_and_unknown_fields_of_a_named_store_are_problems(tmp_path: Path) -> None:
    toml = '[stores.s]\ncapability="kvstore"\nbackend="redis"\ndatabase="x"\nservr="f"\nboltdb_filename="x"\n'
    problems = bind_store(Redis, raw_of(tmp_path, toml).stores["s"]).problems
    assert [str(problem) for problem in problems] == [
        "stores.s.database from c.toml line 4: 'x' is not a whole number (Which one)",
        "stores.s.servr from c.toml line 5: is not a setting of this backend (did you mean server?)",
        "stores.s.boltdb_filename from c.toml line 6: is not a setting of this backend (did you mean filename?)",
    ]


def test_a_required_field_of_a_named_store_says_where_to_write_it(tmp_path: Path) -> None:
    problems = bind_store(Needy, raw_of(tmp_path, '[stores.s]\ncapability="a"\nbackend="b"').stores["s"]).problems
    assert str(problems[0]) == "stores.s.url: is required (write url in the store's table: Where it is)"


def test_flags_are_false_unless_set(tmp_path: Path) -> None:
    raw = raw_of(tmp_path, "enable_sql = true", APP_ENABLE_KVSTORE="maybe")
    values, problems, rows = bind_flags({"enable_kvstore": "K.", "enable_sql": "S.", "enable_x": "X."}, raw)
    assert values == {"enable_sql": True, "enable_x": False}
    assert [problem.where for problem in problems] == ["enable_kvstore from APP_ENABLE_KVSTORE (environment)"]
    assert [row.value for row in rows] == ["maybe", True, False]
