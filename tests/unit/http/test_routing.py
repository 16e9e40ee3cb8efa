import pytest

from tarmac_core.http.routing import Router


def router(*patterns: str, method: str = "GET") -> Router[str]:
    made = Router[str]()
    for pattern in patterns:
        made.add(method, pattern, pattern)
    return made


def found(made: Router[str], path: str, method: str = "GET") -> tuple[str, dict[str, str]] | None:
    match = made.find(method, path)
    return None if match is None else (match.route.target, match.parameters)


@pytest.mark.parametrize(
    ("path", "pattern", "parameters"),
    [
        ("/", "/", {}),
        ("/users/new", "/users/new", {}),
        ("/users/7", "/users/:id", {"id": "7"}),
        ("/users/new/books", "/users/:user/books", {"user": "new"}),
        ("/users/a b/books", "/users/:user/books", {"user": "a b"}),
        ("/files/", "/files/*path", {"path": ""}),
        ("/files/a/b", "/files/*path", {"path": "a/b"}),
        ("/files/index", "/files/index", {}),
        ("/files/index/x", "/files/*path", {"path": "index/x"}),
    ],
)
def test_a_path_finds_its_route_with_static_before_wildcards(
    path: str, pattern: str, parameters: dict[str, str]
) -> None:
    made = router("/", "/users/new", "/users/:id", "/users/:user/books", "/files/*path", "/files/index")
    assert found(made, path) == (pattern, parameters)


@pytest.mark.parametrize("path", ["/users/", "/users", "/files", "users/7", "", "*", "/users/7/8", "//"])
def test_what_fits_no_pattern_is_not_found(path: str) -> None:
    assert found(router("/users/:id", "/files/*path"), path) is None


def test_a_catch_all_takes_what_nothing_else_does() -> None:
    made = router("/*all", "/health")
    assert found(made, "/health") == ("/health", {})
    assert found(made, "/a/b") == ("/*all", {"all": "a/b"})
    assert found(made, "/") == ("/*all", {"all": ""})


def test_methods_do_not_see_each_others_routes() -> None:
    made = router("/a", method="POST")
    made.add("GET", "/a", "other")
    assert found(made, "/a") == ("other", {})
    assert found(made, "/a", "PUT") is None


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/logger/", "/logger"),
        ("/tree", "/tree/"),
        ("/LOGGER", "/logger"),
        ("/Users/Bob/BOOKS", "/users/Bob/Books"),
        ("/users/Bob/books/", "/users/Bob/Books"),
        ("//logger", "/logger"),
        ("/x/../logger", "/logger"),
        ("/./logger//", "/logger"),
        ("/files", "/files/"),
    ],
)
def test_a_path_written_another_way_leads_to_the_route_that_was_meant(path: str, meant: str) -> None:
    made = router("/logger", "/tree/", "/users/:id/Books", "/files/*path")
    assert made.redirect("GET", path) == meant


@pytest.mark.parametrize("path", ["/", "/unknown", "relative", "*", "/logger", "/.logger/deep", "/..logger/deep"])
def test_a_path_that_means_nothing_is_not_redirected(path: str) -> None:
    assert router("/logger/deep").redirect("GET", path) is None


def test_allowed_methods_are_sorted_and_include_options() -> None:
    made = router("/a", "/b")
    made.add("POST", "/a", "x")
    assert made.allowed("/a") == ("GET", "OPTIONS", "POST")
    assert made.allowed("/b") == ("GET", "OPTIONS")
    assert made.allowed("*") == ("GET", "OPTIONS", "POST")
    assert made.allowed("/none") == ()


@pytest.mark.parametrize(("first", "second"), [("/a", "/a"), ("/a/:x", "/a/:y"), ("/a/*x", "/a/*y")])
def test_a_path_cannot_be_taken_twice(first: str, second: str) -> None:
    made = router(first)
    with pytest.raises(ValueError, match="already taken by " + first.replace("*", r"\*")):
        made.add("GET", second, "other")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("a", "does not start with /"),
        ("/:", "wildcard without a name"),
        ("/*all/b", "something behind"),
        ("/:a/:a", "names a wildcard twice"),
    ],
)
def test_a_malformed_pattern_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        router(pattern)


def test_the_work_is_bounded_by_the_routes_not_by_the_path() -> None:
    made = router("/:a/:b/:c/x", "/a/:b/:c/y", "/a/a/:c/z", "/*rest")
    assert found(made, "/a" * 20000) is not None
