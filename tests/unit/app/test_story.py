"""What the log and the sinks are told of a start."""

from pathlib import Path

from tarmac_core.app.story import routes_served
from tarmac_core.config import CoreSettings, HttpRoute, Manifest, Service, single_function_manifest
from tarmac_core.plugin import RouteModel, RoutesServed


def test_routes_are_counted_by_service_and_type_and_those_of_http_by_method() -> None:
    shop = (
        HttpRoute(type="http", function="f", path="/a", methods=("GET", "POST")),
        HttpRoute(type="http", function="f", path="/b", methods=("GET",)),
        RouteModel(type="function", function="f"),
    )
    manifest = Manifest((Service("Shop", "shop", routes=shop), Service("Empty", "empty")))
    assert list(routes_served(manifest)) == [RoutesServed("shop", "http", 3), RoutesServed("shop", "function", 1)]


def test_a_single_function_has_one_route_for_each_method() -> None:
    manifest = single_function_manifest(CoreSettings(wasm_function=str(Path("f.wasm"))))
    assert list(routes_served(manifest)) == [RoutesServed("default", "http", 5)]
