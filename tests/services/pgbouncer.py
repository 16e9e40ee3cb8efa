"""PgBouncer, which gives each transaction another of a few connections to a PostgreSQL server."""

import shutil
from pathlib import Path

from tests.services.postgres import DATABASE, PASSWORD, USER, PostgresServer, as_its_user
from tests.services.process import Process, free_port
from tests.services.sinks import need


class PgBouncer(Process):
    """One pooler in front of `server`, in transaction mode, with two connections for all clients."""

    def __init__(self, server: PostgresServer) -> None:
        program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
        need("pgbouncer", program)
        self.port = free_port()
        text = f"""[databases]
{DATABASE} = host=127.0.0.1 port={server.port} user={USER} password={PASSWORD}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
"""

        def command(folder: Path) -> list[str]:
            folder.chmod(0o711)
            (folder / "pgbouncer.ini").write_text(text)
            return [*as_its_user(), str(program), str(folder / "pgbouncer.ini")]

        super().__init__(command, lambda output: "process up" in output)

    @property
    def dsn(self) -> str:
        """A URL of its database."""
        return f"postgres://{USER}@127.0.0.1:{self.port}/{DATABASE}?sslmode=disable"
