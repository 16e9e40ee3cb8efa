"""The media type of a body, from its first bytes.

Source: the WHATWG MIME Sniffing standard, sections 5 to 7 (https://mimesniff.spec.whatwg.org/), as Go's net/http
reads it: a comment needs a space or `>` behind its `<!--`, text is `text/plain; charset=utf-8`, the rest is
`application/octet-stream`.
"""

from collections.abc import Callable

_SNIFFED_BYTES = 512
_WHITESPACE = b"\t\n\x0c\r "
_HTML = "text/html; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_BINARY = "application/octet-stream"

_TAGS = (
    b"<!DOCTYPE HTML", b"<HTML", b"<HEAD", b"<SCRIPT", b"<IFRAME", b"<H1", b"<DIV", b"<FONT", b"<TABLE",
    b"<A", b"<STYLE", b"<TITLE", b"<B", b"<BODY", b"<BR", b"<P", b"<!--",
)  # fmt: skip

_PREFIXES = (
    (b"%PDF-", "application/pdf"),
    (b"%!PS-Adobe-", "application/postscript"),
    (b"\xef\xbb\xbf", _TEXT),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"\x00\x00\x02\x00", "image/x-icon"),
    (b"BM", "image/bmp"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"ID3", "audio/mpeg"),
    (b"OggS\x00", "application/ogg"),
    (b"MThd\x00\x00\x00\x06", "audio/midi"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x00\x01\x00\x00", "font/ttf"),
    (b"OTTO", "font/otf"),
    (b"ttcf", "font/collection"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"Rar!\x1a\x07\x00", "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\x01\x00", "application/x-rar-compressed"),
    (b"\x00asm", "application/wasm"),
)

_MARKS = tuple(prefix for prefix, _ in _PREFIXES)

_RIFF = {b"WEBPVP": "image/webp", b"AVI ": "video/avi", b"WAVE": "audio/wave"}

_IS_BINARY = bytes(byte for byte in range(0x20) if byte not in b"\t\n\x0c\r\x1b")


def sniff(body: bytes) -> str:
    """The Content-Type of a body that is not empty. Reads 512 bytes at most."""
    head = body[:_SNIFFED_BYTES]
    return next((found for look in _LOOKS if (found := look(head))), _BINARY)


def _markup(head: bytes) -> str:
    text = head.lstrip(_WHITESPACE)
    if text.startswith(b"<?xml"):
        return "text/xml; charset=utf-8"
    upper = text[:16].upper()
    for tag in _TAGS:
        if upper.startswith(tag) and text[len(tag) : len(tag) + 1] in (b" ", b">"):
            return _HTML
    return ""


def _wide_text(head: bytes) -> str:
    # The standard masks the bytes behind a UTF-16 mark, so a mark of exactly two bytes is none yet.
    if len(head) >= 4 and head[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return "text/plain; charset=utf-16be" if head[0] == 0xFE else "text/plain; charset=utf-16le"
    return ""


def _prefixed(head: bytes) -> str:
    if not head.startswith(_MARKS):
        return ""
    return next(kind for prefix, kind in _PREFIXES if head.startswith(prefix))


def _container(head: bytes) -> str:
    if head.startswith(b"FORM") and head[8:12] == b"AIFF":
        return "audio/aiff"
    if head.startswith(b"RIFF"):
        return next((kind for mark, kind in _RIFF.items() if head.startswith(mark, 8)), "")
    return "application/vnd.ms-fontobject" if head[34:36] == b"LP" else ""


def _mp4(head: bytes) -> str:
    size_bytes = int.from_bytes(head[:4], "big")
    if len(head) < 12 or head[4:8] != b"ftyp" or len(head) < size_bytes or size_bytes % 4:
        return ""
    # The four bytes at 12 are the minor version, no brand.
    brands = (head[at : at + 3] for at in range(8, size_bytes, 4) if at != 12)
    return "video/mp4" if b"mp4" in brands else ""


def _text(head: bytes) -> str:
    return "" if len(head.translate(None, _IS_BINARY)) != len(head) else _TEXT


_LOOKS: tuple[Callable[[bytes], str], ...] = (_markup, _wide_text, _prefixed, _container, _mp4, _text)
