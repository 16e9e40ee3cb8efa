import pytest

from tarmac_core.http.sniff import sniff

TEXT, HTML, BINARY = "text/plain; charset=utf-8", "text/html; charset=utf-8", "application/octet-stream"


# The expected types are what Go's http.DetectContentType answers for these bytes.
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"a": 1}', TEXT),
        (b"plain", TEXT),
        ("grüße".encode(), TEXT),
        (b"\xff\xfe", TEXT),
        (b"\xff\xfea\x00", "text/plain; charset=utf-16le"),
        (b"\xfe\xff\x00a", "text/plain; charset=utf-16be"),
        (b"\xef\xbb\xbf\x00", TEXT),
        (b"\x00\x01", BINARY),
        (b"abc\x0b", BINARY),
        (b"\x1b[0m", TEXT),
        (b"a" * 511 + b"\x00", BINARY),
        (b"a" * 512 + b"\x00", TEXT),
        (b"<html>", HTML),
        (b" \n\t<!doctype html>", HTML),
        (b"<p>hi", HTML),
        (b"<px>hi", TEXT),
        (b"<a href=x>", HTML),
        (b"<!-- note -->", HTML),
        (b"<!--note-->", TEXT),
        (b"\r\n<?xml version='1.0'?>", "text/xml; charset=utf-8"),
        (b"%PDF-1.7", "application/pdf"),
        (b"%!PS-Adobe-3.0", "application/postscript"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"BM1", "image/bmp"),
        (b"RIFF\x01\x02\x03\x04WEBPVP8 ", "image/webp"),
        (b"RIFF\x01\x02\x03\x04WAVE", "audio/wave"),
        (b"RIFF\x01\x02\x03\x04AVI ", "video/avi"),
        (b"RIFF\x01\x02\x03\x04other", BINARY),
        (b"FORM\x01\x02\x03\x04AIFF", "audio/aiff"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "video/mp4"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp41", "video/mp4"),
        (b"\x00\x00\x00\x10ftypisommp41", BINARY),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
        (b"\x1f\x8b\x08\x00", "application/x-gzip"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x00asm\x01\x00\x00\x00", "application/wasm"),
        (b"wOF2", "font/woff2"),
        (b"." * 34 + b"LP", "application/vnd.ms-fontobject"),
    ],
)
def test_a_body_gets_the_type_that_go_gives_it(body: bytes, kind: str) -> None:
    assert sniff(body) == kind
