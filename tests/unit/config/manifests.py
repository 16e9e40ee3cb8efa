"""Manifests for tests: a service with one function, and what is wrong with it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from tarmac_core.config import FunctionSpec, Loaded, StoreTable, load_manifest
from tarmac_core.plugin import GrantModel, RouteModel, StoreGrant


class ScheduleRoute(RouteModel):
    frequency: int = Field(description="Seconds between runs.", gt=0)


class KvGrant(StoreGrant):
    prefix: str = ""
    read_only: bool = False


class FunctionGrant(GrantModel):
    functions: tuple[str, ...]

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        return {"functions": value} if isinstance(value, list) else value


ROUTES: Mapping[str, type[RouteModel]] = {"scheduled_task": ScheduleRoute, "function": RouteModel}
GRANTS: Mapping[str, type[GrantModel] | None] = {"kvstore": KvGrant, "function": FunctionGrant, "metrics": None}
PACKAGES = {"init": "tarmac-trigger-init", "sql": "tarmac-sql"}


def load(folder: Path, manifest: object, *, stores: Mapping[str, StoreTable] | None = None) -> Loaded:
    (folder / "f.wasm").touch()
    path = folder / "tarmac.json"
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest), encoding="utf-8")
    return load_manifest(path, cwd=folder, route_models=ROUTES, grant_models=GRANTS, stores=stores, packages=PACKAGES)


def service(*routes: object, **function: object) -> dict[str, Any]:
    functions = {"f": {"filepath": "f.wasm", **function}}
    return {"services": {"s": {"name": "S", "functions": functions, "routes": list(routes)}}}


def http(path: object = "/", methods: object = ("GET",), **more: object) -> dict[str, object]:
    return {"type": "http", "path": path, "methods": methods, "function": "f", **more}


def only_function(loaded: Loaded) -> FunctionSpec:
    assert loaded.problems == []
    assert loaded.manifest is not None
    (function,) = loaded.manifest.functions
    return function


def problems(loaded: Loaded, folder: Path) -> list[str]:
    assert loaded.problems
    return [str(problem).replace(f"{folder}/", "") for problem in loaded.problems]
