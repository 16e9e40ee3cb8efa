"""A Consul agent, alone in its data centre, with its data on disk."""

import base64
import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.services.process import Process, free_port, need

PROGRAM = Path(__file__).resolve().parents[2] / ".cache" / "services" / "consul"
MASTER_TOKEN = "0b7ff7f5-6c8a-4f5e-9f0e-6d1a3b1f7d11"


class ConsulServer(Process):
    """One server that keeps its keys when it is killed and started again.

    With `acl` nobody but the bearer of `MASTER_TOKEN` may do anything until `token_for` gives out more. `tls` are members of
    its configuration for a second, encrypted port (`cert_file`, `key_file`, `ca_file`, `verify_incoming_https`).
    `port` puts it in the place of another that is gone.
    """

    def __init__(self, *, acl: bool = False, tls: Mapping[str, object] | None = None, port: int = 0) -> None:
        program = PROGRAM if PROGRAM.exists() else shutil.which("consul")
        need("consul", program)
        self.port, self.tls_port = port or free_port(), free_port()
        self._token = MASTER_TOKEN if acl else ""
        self._accessors: dict[str, str] = {}
        off = {"dns": -1, "grpc": -1, "serf_wan": -1}
        settings: dict[str, object] = {
            "bind_addr": "127.0.0.1",
            "server": True,
            "bootstrap_expect": 1,
            "ports": {**off, "http": self.port, "server": free_port(), "serf_lan": free_port()},
            "performance": {"raft_multiplier": 1},
            "disable_update_check": True,
            "log_level": "warn",
        }
        if acl:
            settings["acl"] = {"enabled": True, "default_policy": "deny", "tokens": {"master": MASTER_TOKEN}}
        if tls:
            settings |= tls
            settings["ports"] |= {"https": self.tls_port}  # type: ignore[operator]

        def command(folder: Path) -> list[str]:
            settings["unix_sockets"] = {"mode": "0700"}
            settings["addresses"] = {"http": f"127.0.0.1 unix://{folder}/http.sock"}
            (folder / "agent.json").write_text(json.dumps(settings))
            return [str(program), "agent", f"-config-file={folder}/agent.json", f"-data-dir={folder}/data"]

        super().__init__(command, lambda _: self._is_ready_to_write())

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def socket_path(self) -> Path:
        """Its unix socket."""
        return self.folder / "http.sock"

    def put(self, key: str, value: object) -> None:
        """Write a key: text as it is, anything else as JSON."""
        self.ask("PUT", f"kv/{key}", value)

    def delete(self, key: str) -> None:
        """Remove a key."""
        self.ask("DELETE", f"kv/{key}")

    def read(self, key: str) -> bytes:
        """What a key holds."""
        return base64.b64decode(self.ask("GET", f"kv/{key}")[0]["Value"])

    def token_for(self, key: str) -> str:
        """The secret of a new token that may read one key."""
        rules = f'key "{key}" {{ policy = "read" }}'
        policy = self.ask("PUT", "acl/policy", {"Name": f"read-{time.monotonic_ns()}", "Rules": rules})
        token = self.ask("PUT", "acl/token", {"Policies": [{"ID": policy["ID"]}]})
        self._accessors[token["SecretID"]] = token["AccessorID"]
        return str(token["SecretID"])

    def take_away(self, token: str) -> None:
        """Make a token that `token_for` gave worthless."""
        self.ask("DELETE", f"acl/token/{self._accessors[token]}")

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request to its API, with the token that may do all."""
        data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        request = urllib.request.Request(f"http://{self.address}/v1/{path}", data, method=method)
        if self._token:
            request.add_header("X-Consul-Token", self._token)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def _is_ready_to_write(self) -> bool:
        try:
            self.put("tarmac-tests/ready", "")
        except (OSError, urllib.error.HTTPError):
            return False
        return True
