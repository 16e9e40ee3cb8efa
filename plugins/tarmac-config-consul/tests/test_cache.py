"""The file that holds the last value."""

import asyncio
import json
import logging
import os
import resource
from pathlib import Path

import pytest
from tarmac_config_consul.cache import Cache
from tarmac_config_consul.settings import ConsulSettings

from tarmac_core.testing import Records

VALUE = b'{"redis_password": "hunter2"}'


@pytest.fixture
def records() -> Records:
    return Records()


def cache(folder: Path, records: Records, addr: str = "a:1", **settings: str) -> Cache:
    whole = {"addr": addr, "keys_prefix": "key", **settings}
    return Cache(folder, ConsulSettings.model_validate(whole), records.log("config.consul"))


async def test_what_was_saved_is_loaded_with_its_time(tmp_path: Path, records: Records) -> None:
    one = cache(tmp_path / "made" / "when needed", records)
    assert await one.load() is None
    await one.save(b'{"a": 0}')
    await one.save(VALUE)
    kept = await one.load()
    assert kept is not None
    assert kept.value == VALUE
    assert kept.saved.startswith("20")
    assert records.messages() == []
    assert [path.name for path in one.path.parent.iterdir()] == [one.path.name]


async def test_only_the_owner_may_read_it_whatever_the_umask(tmp_path: Path, records: Records) -> None:
    before = os.umask(0)
    try:
        await cache(tmp_path, records).save(VALUE)
    finally:
        os.umask(before)
    assert cache(tmp_path, records).path.stat().st_mode & 0o777 == 0o600


async def test_every_part_of_what_a_value_belongs_to_has_a_file_of_its_own(tmp_path: Path, records: Records) -> None:
    await cache(tmp_path, records).save(VALUE)
    others = ({"addr": "b:1"}, {"keys_prefix": "other"}, {"datacenter": "dc2"}, {"namespace": "team"})
    for other in others:
        assert await cache(tmp_path, records, **other).load() is None
    assert await cache(tmp_path, records, token="secret").load() is not None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"value": 1}', b"\xff", b"{}" * 5_000_000, b"0" * 5000, b"[" * 100_000]
)
async def test_a_damaged_file_is_told_and_not_used(tmp_path: Path, records: Records, content: bytes) -> None:
    one = cache(tmp_path, records)
    one.path.write_bytes(content)
    one.path.chmod(0o600)
    assert await one.load() is None
    assert records.messages(logging.WARNING) == [f"The cached settings in {one.path} are not used: it is damaged"]


@pytest.mark.parametrize(("member", "value"), [("value", "{}"), ("sha256", "0"), ("identity", ["b:1", "", "", "key"])])
async def test_a_file_that_was_changed_or_is_of_another_key_is_not_used(
    tmp_path: Path, records: Records, member: str, value: object
) -> None:
    one = cache(tmp_path, records)
    await one.save(VALUE)
    content = json.loads(one.path.read_text())
    one.path.write_text(json.dumps({**content, member: value}))
    assert await one.load() is None
    assert "it is damaged, or of another key" in records.messages(logging.WARNING)[0]


async def test_a_file_that_others_may_write_is_not_used(tmp_path: Path, records: Records) -> None:
    one = cache(tmp_path, records)
    await one.save(VALUE)
    one.path.chmod(0o620)
    assert await one.load() is None
    assert "others may read or write it" in records.messages(logging.WARNING)[0]


async def test_what_stands_in_the_place_of_the_file_is_not_followed_or_waited_for(
    tmp_path: Path, records: Records
) -> None:
    one = cache(tmp_path, records)
    os.mkfifo(one.path, 0o600)
    assert await asyncio.wait_for(one.load(), 5) is None
    one.path.unlink()
    (tmp_path / "elsewhere").write_text("{}")
    one.path.symlink_to(tmp_path / "elsewhere")
    assert await one.load() is None
    assert len(records.messages(logging.WARNING)) == 2
    await one.save(VALUE)
    assert (tmp_path / "elsewhere").read_text() == "{}"
    assert (await one.load()) is not None


async def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path: Path, records: Records) -> None:
    (tmp_path / "data").write_text("a file")
    await cache(tmp_path / "data", records).save(VALUE)
    warnings = records.messages(logging.WARNING)
    assert len(warnings) == 1
    assert "Settings cannot be cached in " in warnings[0]
    assert "hunter2" not in warnings[0]


async def test_a_full_disk_leaves_the_earlier_value(tmp_path: Path, records: Records) -> None:
    one = cache(tmp_path, records)
    await one.save(VALUE)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        await one.save(b'{"a": "%s"}' % (b"x" * 5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "File too large" in records.messages(logging.WARNING)[0]
    kept = await one.load()
    assert kept is not None
    assert kept.value == VALUE
    assert os.listdir(tmp_path) == [one.path.name]  # noqa: PTH208
