"""The shape of `tarmac.json`: what each object may hold. Rules between objects are in `manifest_reading`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from tarmac_core.config.function import MAX_MEMORY_BYTES, MAX_TIME_MS, check_memory
from tarmac_core.config.paths import check_method, check_path
from tarmac_core.plugin import RouteModel


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class HttpRoute(RouteModel):
    """Serves a function on a path. Methods are upper case and each is there once."""

    type: Literal["http"] = Field("http", description="An HTTP route.")
    path: str = Field(description="Path such as `/users/:id` or `/files/*rest`; matched after decoding.")
    methods: tuple[str, ...] = Field(min_length=1, description="HTTP methods, in any case.")

    @field_validator("path")
    @classmethod
    def _check_path(cls, path: str) -> str:
        check_path(path)
        return path

    @field_validator("methods")
    @classmethod
    def _check_methods(cls, methods: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(check_method(method) for method in methods))


class FunctionShape(_Shape):
    """One function."""

    filepath: str = Field(
        min_length=1, description="The module; relative to the working directory, else to the manifest's folder."
    )
    pool_size: int = Field(0, ge=0, description="Most instances; 0 is 100. They are made on demand and kept.")
    min_instances: int = Field(0, ge=0, description="Instances made at start.")
    timeout_ms: int = Field(
        0, ge=0, le=MAX_TIME_MS, description="Longest call; 0 is 60000 over HTTP and no limit elsewhere."
    )
    cpu_ms: int = Field(0, ge=0, le=MAX_TIME_MS, description="Most CPU time of a call; 0 is no limit.")
    memory_bytes: int = Field(0, ge=0, le=MAX_MEMORY_BYTES, description="Most memory of an instance; 0 is 256 MiB.")
    queue_length: int | None = Field(None, ge=0, description="Most calls that wait for an instance; unset is 1000.")
    isolation: Literal["reused", "fresh"] = Field("reused", description="`fresh` uses each instance once.")
    grants: dict[str, JsonValue] | None = Field(
        None, description="What the function may use, by capability; unset: all that is enabled."
    )

    @field_validator("memory_bytes")
    @classmethod
    def _check_memory(cls, memory_bytes: int) -> int:
        return check_memory(memory_bytes)


class ServiceShape(_Shape):
    """One service: its functions and the routes to them."""

    name: str = Field(min_length=1, description="The service's name.")
    functions: dict[str, FunctionShape] = Field(default_factory=dict, description="Functions by name.")
    routes: list[JsonValue] = Field(default_factory=list, description="What calls the functions.")


class ManifestShape(_Shape):
    """The whole file."""

    schema_address: str = Field("", alias="$schema", description="Where the schema of this file is, for editors.")
    services: dict[str, ServiceShape] = Field(default_factory=dict, description="Services by key.")
