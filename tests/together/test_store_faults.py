"""Stores that cannot be opened or written: clear errors, nothing lost, nothing overwritten."""

from pathlib import Path

import pytest

from tests.together.server import listening, serve, write_manifest

MIB = 1 << 20
STORE = {"APP_ENABLE_KVSTORE": "true"}


def text(number: int) -> str:
    return f"{number:06}" * 5000


def test_a_full_store_is_an_error_and_what_was_stored_stays(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"tac": "go-tac"})
    stored: list[int] = []
    server = serve(tmp_path, "tarmac.json", **STORE)
    server.prefix = ("prlimit", f"--fsize={MIB}")
    with server:
        server.port = int(server.wait_for("Starting HTTP Listener")["port"])
        for number in range(60):
            answer = server.ask(text(number), "/tac")
            if answer.code != 200:
                break
            stored.append(number)
        assert 0 < len(stored) < 60
        assert answer.code == 500
        assert server.ask(text(0), "/tac").body.decode() == text(0)[::-1]
        assert server.ask(path="/health", method="GET").code == 200
        assert server.stop() == 0
    with listening(tmp_path, "tarmac.json", **STORE) as server:
        for number in stored:
            assert server.ask(text(number), "/tac").body.decode() == text(number)[::-1]
        assert server.ask("there is room again", "/tac").body == b"niaga moor si ereht"
        assert server.stop() == 0
    told = [line["msg"] for line in server.logged if line["msg"].startswith("cache ")]
    assert told == ["cache hit"] * len(stored) + ["cache miss"]


@pytest.mark.parametrize("name", ["data/tarmac.db", "tarmac.db/deeper.db"])
def test_a_store_that_cannot_be_made_ends_the_start_with_its_path(tmp_path: Path, name: str) -> None:
    write_manifest(tmp_path, {"tac": "go-tac"})
    (tmp_path / "data").write_text("a file where the folder should be")
    (tmp_path / "tarmac.db").write_text("another")
    path = str(tmp_path / name)
    with serve(tmp_path, "tarmac.json", APP_LMDB_FILENAME=path, **STORE) as server:
        assert server.ended() == 1
    assert "backend kvstore.internal" in server.stderr
    assert path in server.stderr
    assert "Traceback" not in server.stderr


def test_a_read_only_folder_ends_the_start_with_its_path(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"tac": "go-tac"})
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o500)
    server = serve(tmp_path, "tarmac.json", APP_LMDB_FILENAME=str(folder / "tarmac.db"), **STORE)
    server.prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    with server:
        assert server.ended() == 1
    assert str(folder) in server.stderr
    assert "permission denied" in server.stderr.lower()


def test_a_boltdb_file_is_never_overwritten(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"tac": "go-tac"})
    bolt = tmp_path / "tarmac.db"
    content = bytes(16) + (0xED0CDAED).to_bytes(4, "little") + bytes(8172)
    bolt.write_bytes(content)
    with serve(tmp_path, "tarmac.json", APP_BOLTDB_FILENAME=str(bolt), **STORE) as server:
        assert server.ended() == 1
    assert "BoltDB" in server.stderr
    assert bolt.read_bytes() == content
