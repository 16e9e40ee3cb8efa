"""MariaDB servers, and MySQL servers."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.services.process import Process, free_port, need

PASSWORD = "secret-4711"
"""Of every user that `users` makes."""
_MYSQL = Path(__file__).resolve().parents[2] / ".cache" / "services" / "mysql"
_SBIN = Path("/usr/sbin")
_USERS = f"""\
CREATE DATABASE IF NOT EXISTS tarmac CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS 'tarmac'@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON tarmac.* TO 'tarmac'@'%';
CREATE USER IF NOT EXISTS 'admin'@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION;
"""


class MariaDBServer(Process):
    """One `mariadbd` with the database `tarmac`, its user `tarmac`, and the user `admin` who may do everything.

    `options` are options of the server by name; `statements` run at each start. With `certificates`, a folder with `ca.pem`,
    `server.pem` and `server.key`, it offers TLS. Run by root it becomes the user mysql.
    """

    def __init__(
        self, options: Mapping[str, str] | None = None, *, statements: str = "", certificates: Path | None = None
    ) -> None:
        self.port = free_port()
        self._options = dict(options or {})
        self._statements = _USERS + statements
        self._certificates = certificates
        super().__init__(self._command, lambda output: "ready for connections" in output)

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def dsn(self, user: str = "tarmac", options: str = "", *, password: str = PASSWORD) -> str:
        """As go-sql-driver writes it."""
        return f"{user}:{password}@tcp({self.address})/tarmac" + (f"?{options}" if options else "")

    @property
    def data(self) -> Path:
        """The folder of its files."""
        return self.folder / "data"

    def _command(self, folder: Path) -> list[str]:
        program = self._programs()
        if shutil.which(program[0]) is None:
            return program
        # The server gives up being root and must still reach its files.
        folder.chmod(0o711)
        if not (self.data / "mysql").exists():
            self.data.mkdir(exist_ok=True)
            # Of its own: at its start a server removes what others have in a shared one.
            (folder / "tmp").mkdir(exist_ok=True)
            self._write(folder)
            self._install()
        return [*program, *self._common(), *self._particular(), *(f"--{k}={v}" for k, v in self._options.items())]

    def _write(self, folder: Path) -> None:
        (folder / "init.sql").write_text(self._statements)
        if self._certificates:
            for name in ("ca.pem", "server.pem", "server.key"):
                shutil.copy(self._certificates / name, folder / name)
        if os.geteuid() == 0:
            who = pwd.getpwnam("mysql")
            for path in [self.data, self.folder / "tmp", *folder.glob("server.*")]:
                os.chown(path, who.pw_uid, who.pw_gid)

    def _common(self) -> list[str]:
        return [
            "--no-defaults",
            f"--datadir={self.data}",
            f"--tmpdir={self.folder}/tmp",
            *(["--user=mysql"] if os.geteuid() == 0 else []),
        ]

    def _particular(self) -> list[str]:
        tls = {"ssl-ca": "ca.pem", "ssl-cert": "server.pem", "ssl-key": "server.key"} if self._certificates else {}
        return [
            f"--init-file={self.folder}/init.sql",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--socket={self.data}/s",
            f"--pid-file={self.data}/pid",
            "--skip-log-bin",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=32M",
            *(f"--{name}={self.folder}/{file}" for name, file in tls.items()),
        ]

    def _programs(self) -> list[str]:
        return [str(_SBIN / "mariadbd")]

    def _install(self) -> None:
        _run(["mariadb-install-db", *self._common(), "--skip-test-db", "--auth-root-authentication-method=normal"])


class MySQLServer(MariaDBServer):
    """One `mysqld`, with the programs and libraries of its own that `tests/setup.sh` unpacked."""

    def _programs(self) -> list[str]:
        libraries = _MYSQL / "lib"
        need("MySQL", (_MYSQL / "mysqld").exists())
        return [str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries), str(_MYSQL / "mysqld")]

    def _particular(self) -> list[str]:
        return [*super()._particular(), f"--lc-messages-dir={_MYSQL}/share", "--mysqlx=OFF", "--secure-file-priv=NULL"]

    def _install(self) -> None:
        _run([*self._programs(), *self._common(), f"--lc-messages-dir={_MYSQL}/share", "--initialize-insecure"])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {(done.stdout + done.stderr)[-2000:]}")
