"""What `sql_dsn` names, and whether it can become an SQLite file. Nothing that is something else is ever written to."""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from tarmac_core.plugin import OpenError

_MAGIC = b"SQLite format 3\0"
_REMEDY = "set sql_dsn to another path"
_SCHEMES = ("sqlite", "sqlite3", "sqlite+aiosqlite")


class SqliteFileError(OpenError):
    """The database's file cannot be opened. The text names the file or the setting, the fault and the remedy."""


def file_of(dsn: str, default: Path) -> Path:
    """The absolute path that a DSN means: a path, `sqlite:///relative`, `sqlite:////absolute`, `file:path`."""
    text = dsn.strip()
    if not text:
        return default.absolute()
    scheme, separator, _ = text.partition(":")
    if separator and scheme in (*_SCHEMES, "file"):
        text = _path_of_url(text, scheme)
    elif "://" in text or "@tcp(" in text or "@unix(" in text:
        raise SqliteFileError(
            "sql_dsn: is the address of a server, SQLite needs a path (set sql_type to that server's name)"
        )
    if text in ("", ":memory:"):
        raise SqliteFileError("sql_dsn: names a database in memory, which no two connections share (name a file)")
    return Path(text).expanduser().absolute()


def _path_of_url(text: str, scheme: str) -> str:
    parts = urlsplit(text)
    options = sorted(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    if options:
        raise SqliteFileError(
            f"sql_dsn: the options {', '.join(options)} are not read (use sql_read_only and the like)"
        )
    if parts.netloc not in ("", "localhost"):
        raise SqliteFileError("sql_dsn: has a host; write sqlite:///relative/path or sqlite:////absolute/path")
    # In sqlite:///path the third slash only ends the empty host.
    path = unquote(parts.path)
    return path if scheme == "file" else path.removeprefix("/")


def prepare(path: Path, *, read_only: bool) -> None:
    """Make the missing folder; raises `SqliteFileError` where no SQLite file is or can be."""
    if not read_only:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SqliteFileError(f"{path}: the folder cannot be made: {error.strerror} ({_REMEDY})") from error
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except FileNotFoundError:
        if read_only:
            raise SqliteFileError(f"{path}: is missing, and sql_read_only forbids to make it ({_REMEDY})") from None
    except IsADirectoryError:
        raise SqliteFileError(f"{path}: is a folder, must be a file ({_REMEDY})") from None
    except OSError as error:
        raise SqliteFileError(f"{path}: cannot be read: {error.strerror} ({_REMEDY}, or change its owner)") from error
    else:
        if head not in (b"", _MAGIC):
            raise SqliteFileError(f"{path}: is neither an SQLite file nor empty; it stays untouched ({_REMEDY})")
