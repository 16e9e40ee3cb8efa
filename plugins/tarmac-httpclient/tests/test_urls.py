"""One reading of a URL: what is checked is what is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tarmac_httpclient.faults import UnansweredError
from tarmac_httpclient.urls import URLError, read_url, shown


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("HTTP://Example.COM", "http://example.com/"),
        ("http://example.com:80/a%2fb/../c", "http://example.com/a%2fb/../c"),
        ("http://h/é?ü=ß#part", "http://h/%C3%A9?%C3%BC=%C3%9F"),
        ("http://h?x=%zz&y", "http://h/?x=%zz&y"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ('http://h/"<>{}|^`\\', "http://h/%22%3C%3E%7B%7D%7C%5E%60%5C"),
        ("http://h:/", "http://h/"),
        ("http://me:pw@h/@x", "http://h/@x"),
        ("http://a@b@h/", "http://h/"),
    ],
)
def test_urls_are_sent_as_they_are_written_save_for_what_no_request_line_can_hold(text: str, url: str) -> None:
    assert str(read_url(text).url) == url


@pytest.mark.parametrize(
    "text",
    [
        ":",
        "a b:c",
        "http://h:65536/",
        "http://h:-1/",
        "http://h\n/",
        "http://a b/",
        "http://[::1/",
        "http://[1.2.3.4]/",
        "http://[fe80::1%25eth0]/",
        "http://h%41/",
        "http://h\\@evil/",
        "http://[::zz]/",
        "http://h/%",
        "http://::1/",
    ],
)
def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(URLError):
        read_url(text)


@pytest.mark.parametrize("text", ["", "/path", "h/path", "file:///etc/passwd", "http:h", "http://", "http://:80/"])
def test_what_is_no_http_url_cannot_be_executed(text: str) -> None:
    with pytest.raises(UnansweredError):
        read_url(text)


@given(st.text())
def test_any_text_is_read_or_refused_and_never_breaks_a_request_line(text: str) -> None:
    for whole in (text, f"http://{text}", f"http://h/{text}", f"http://h?{text}"):
        try:
            target = read_url(whole)
        except (URLError, UnansweredError):
            continue
        assert target.url.raw_host
        assert target.url.raw_path_qs.isascii()
        assert not set(target.url.raw_path_qs) & set(" \r\n\t#")


def test_a_message_shows_no_password() -> None:
    assert shown("http://me:secret@h/") == "http://me:***@h/"
    assert shown("http://me:secret@two@h/a:b@c") == "http://me:***@h/a:b@c"
