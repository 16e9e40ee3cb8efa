"""Read settings and `tarmac.json` into typed objects, keep where each value came from, and report everything wrong at once.

In: environment, configuration file, remote values, manifest; settings, route and grant models of core and plugins.
Out: filled models (`Bound`), `Manifest`, lists of `Problem` and warnings, schemas. Nothing is printed, logged or opened
here but the files that are named. May import `tarmac_core.plugin`; never another room.

raw, values, node     what was found, before any model reads it
reading, *_text       environment and files; json_text, toml_text, yaml_text give positions
stores                `[stores.NAME]`
references            `${env:NAME}` and `${file:PATH}`
fields, binding       fill settings models; words, shown: how errors and values are told
core, address         core's own settings
unknown               keys that nobody reads
manifest*, function   `tarmac.json`; objects, routes, paths, grants, report: its checks
schema, tables        JSON schemas and rows for the documentation
"""

from tarmac_core.config.address import Address, parse_address
from tarmac_core.config.binding import Bound, bind, bind_flags, bind_store
from tarmac_core.config.core import HOT_KEYS, CoreSettings
from tarmac_core.config.function import HTTP_TIMEOUT_MS, FunctionDefaults, FunctionSpec, Grants
from tarmac_core.config.grants import GrantModels
from tarmac_core.config.manifest import Loaded, Manifest, Service, single_function_manifest
from tarmac_core.config.manifest_models import HttpRoute
from tarmac_core.config.manifest_reading import load_manifest
from tarmac_core.config.raw import Raw, StoreTable
from tarmac_core.config.reading import read_raw, variable
from tarmac_core.config.schema import manifest_schema, settings_schema
from tarmac_core.config.shown import ShownValue
from tarmac_core.config.tables import SettingRow, setting_rows
from tarmac_core.config.unknown import UPSTREAM_KEYS, unknown_keys
from tarmac_core.config.values import RawValue

__all__ = [
    "HOT_KEYS",
    "HTTP_TIMEOUT_MS",
    "UPSTREAM_KEYS",
    "Address",
    "Bound",
    "CoreSettings",
    "FunctionDefaults",
    "FunctionSpec",
    "GrantModels",
    "Grants",
    "HttpRoute",
    "Loaded",
    "Manifest",
    "Raw",
    "RawValue",
    "Service",
    "SettingRow",
    "ShownValue",
    "StoreTable",
    "bind",
    "bind_flags",
    "bind_store",
    "load_manifest",
    "manifest_schema",
    "parse_address",
    "read_raw",
    "setting_rows",
    "settings_schema",
    "single_function_manifest",
    "unknown_keys",
    "variable",
]
