import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarmac_core.config.paths import check_method, check_path, is_reserved, shape_of

_names = st.text("abc", min_size=1, max_size=3)
_segments = st.lists(_names | _names.map(":{}".format), min_size=1, max_size=4, unique=True)


@given(_segments, st.booleans())
def test_patterns_of_whole_segments_are_valid_and_their_shape_forgets_names(
    segments: list[str], has_rest: bool
) -> None:
    whole = [*segments, "*rest"] if has_rest else segments
    check_path("/" + "/".join(whole))
    renamed = [f":other{index}" if segment.startswith(":") else segment for index, segment in enumerate(whole)]
    assert shape_of("/" + "/".join(whole)) == shape_of("/" + "/".join(renamed))


def test_a_static_segment_is_never_taken_for_a_parameter() -> None:
    assert len({shape_of(path) for path in ("/a/:x", "/a/*x", "/a/x", "/a/", "/a")}) == 5


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "must start with a slash"),
        ("users", "must start with a slash: write /users"),
        ("/a?b=1", "must be a path alone"),
        ("/a#b", "must be a path alone"),
        ("/:", "without a valid name"),
        ("/*", "without a valid name"),
        ("/::a", "without a valid name"),
        ("/a:b", "a parameter is a whole segment"),
        ("/*rest/more", "must be the last segment"),
        ("/:a/:a", "two parameters named a"),
        ("/:a/*a", "two parameters named a"),
    ],
)
def test_patterns_that_no_request_could_match_as_meant_are_refused(path: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("*", r"\*")):
        check_path(path)


@pytest.mark.parametrize("path", ["/", "/a b", "/é", "/a//b", "/a/", "/:x/:y/*z", "/a.b-c~"])
def test_usual_paths_are_accepted(path: str) -> None:
    check_path(path)
    assert shape_of(path)


def test_methods_are_folded_and_checked() -> None:
    assert check_method("patch") == "PATCH"
    for text in ("", "G ET", "GET\n", "é"):
        with pytest.raises(ValueError, match="is not a method"):
            check_method(text)


def test_only_reading_methods_of_the_servers_own_paths_are_reserved() -> None:
    assert is_reserved("GET", "/health")
    assert is_reserved("HEAD", "/debug/pprof/heap")
    assert not is_reserved("POST", "/health")
    assert not is_reserved("GET", "/debug/pprofile")
