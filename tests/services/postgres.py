"""PostgreSQL servers, each a cluster of its own, without a unix socket."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.services.process import Process, free_port, need

USER, PASSWORD, DATABASE = "tarmac", "s3cret-word", "tarmac"
_GONE_S = 5.0
_READY = "database system is ready to accept connections"
# Killing the processes loses nothing that was committed; the machine's own crash is not what these servers are for.
_OPTIONS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB", "unix_socket_directories": ""}


class PostgresServer(Process):
    """One server with the user and the database `tarmac`.

    `options` are run-time parameters; `access` are lines of pg_hba.conf in place of a password for everyone. `tls` names files
    to be the server's: `certificate`, its `key`, and the `authority` of clients' certificates. `data` is a folder to hold the
    cluster instead of the process's own.
    """

    def __init__(
        self,
        options: Mapping[str, str] | None = None,
        *,
        access: Sequence[str] = (),
        tls: Mapping[str, Path] | None = None,
        data: Path | None = None,
    ) -> None:
        need("postgresql", _programs().is_absolute())
        self.port = free_port()
        self._options = {**_OPTIONS, **(options or {})}
        self._access = access
        self._tls = tls or {}
        self._data = data
        super().__init__(self._command, lambda output: _READY in output)

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self._data or self.folder / "data"

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def dsn(self, *, password: str = PASSWORD, user: str = USER, database: str = DATABASE, options: str = "") -> str:
        """A URL as lib/pq reads it, without TLS unless `options` say otherwise."""
        return f"postgres://{user}:{password}@{self.address}/{database}?{options or 'sslmode=disable'}"

    def stop(self) -> None:
        """End without waiting for clients to leave."""
        os.kill(self.pid, signal.SIGINT)
        self._reap()

    def kill(self) -> None:
        """End all of its processes, and wait until they have, so that it can be started again."""
        children = self._children()
        super().kill()
        end = time.monotonic() + _GONE_S
        while any(map(_runs, children)) and time.monotonic() < end:
            time.sleep(0.005)

    def _signal(self, number: int) -> None:
        """To the server and to the process of each connection, which would go on without it."""
        children = self._children()
        super()._signal(number)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, number)

    def _children(self) -> list[int]:
        return list(map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()))

    def _command(self, folder: Path) -> list[str]:
        if not (self.data / "PG_VERSION").exists():
            self._make(folder)
        options = {**self._options, "port": str(self.port), "listen_addresses": "127.0.0.1"}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [*as_its_user(), str(_programs() / "postgres"), "-D", str(self.data), *flags]

    def _make(self, folder: Path) -> None:
        folder.chmod(0o711)
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        self.data.mkdir(exist_ok=True)
        _give(self.data)
        how = [f"--username={USER}", f"--pwfile={password}", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8"]
        self._run("initdb", "-D", str(self.data), *how, "--locale=C.UTF-8")
        self._run("postgres", "--single", "-D", str(self.data), "postgres", told=f"CREATE DATABASE {DATABASE}\n")
        if self._access:
            (self.data / "pg_hba.conf").write_text("\n".join(self._access) + "\n")
        self._add_tls()

    def _add_tls(self) -> None:
        names = {"certificate": "ssl_cert_file", "key": "ssl_key_file", "authority": "ssl_ca_file"}
        for part, path in self._tls.items():
            own = self.data / f"{part}.pem"
            shutil.copy(path, own)
            own.chmod(0o600)
            _give(own)
            self._options |= {"ssl": "on", names[part]: str(own)}

    def _run(self, program: str, *arguments: str, told: str = "") -> None:
        command = [*as_its_user(), str(_programs() / program), *arguments]
        done = subprocess.run(command, cwd="/", input=told.encode(), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')[-2000:]}")


def _programs() -> Path:
    """The folder of the newest version's programs; an empty path where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return found[-1] if found else Path()


def as_its_user() -> list[str]:
    """PostgreSQL refuses to run as root. `setpriv` becomes the program, so that it can be signalled."""
    return [] if os.geteuid() else ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _give(path: Path) -> None:
    if not os.geteuid():
        who = pwd.getpwnam("postgres")
        os.chown(path, who.pw_uid, who.pw_gid)


def _runs(pid: int) -> bool:
    """Whether the process is there and no mere entry that nobody has asked for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
