"""Reads a PDF back, as far as our own statements use the format: objects, compressed streams, fonts' maps to Unicode, shown text."""

from __future__ import annotations

import re
import zlib
from base64 import a85decode

OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)\sendobj", re.S)
SHOWN = re.compile(rb"/(\S+) [\d.]+ Tf|\((?P<text>(?:\\.|[^\\()])*)\) Tj", re.S)
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, in the order in which it is drawn."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    maps = {name: _unicode(objects, ref) for name, ref in _fonts(objects).items()}
    pages = [body for body in objects.values() if re.search(rb"/Type /Page\b(?!s)", body)]
    return [_text(_stream(objects[_ref(page, b"Contents")]), maps) for page in pages]


def fonts_of(pdf: bytes) -> list[bytes]:
    """The font objects that are not embedded."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    fonts = [objects[ref] for ref in _fonts(objects).values()]
    return [font for font in fonts if b"/FontDescriptor" not in font or b"/FontFile2" not in objects[_ref(font, b"FontDescriptor")]]


def title_of(pdf: bytes) -> str:
    found = re.search(rb"/Title \(((?:\\.|[^\\()])*)\)", pdf, re.S)
    assert found is not None
    return _unescaped(found[1]).decode("utf-16")


def _fonts(objects: dict[int, bytes]) -> dict[bytes, int]:
    found = (re.findall(rb"/(F\S+) (\d+) 0 R", body) for body in objects.values() if b"/Type /Font" not in body)
    return {name: int(ref) for pairs in found for name, ref in pairs if b"/Type /Font" in objects[int(ref)].replace(b"\n", b" ")}


def _unicode(objects: dict[int, bytes], font: int) -> dict[int, str]:
    table = _stream(objects[_ref(objects[font], b"ToUnicode")])
    return {int(code, 16): chr(int(to, 16)) for code, to in re.findall(rb"^<(\w\w)> <(\w{4})>$", table, re.M)}


def _ref(body: bytes, name: bytes) -> int:
    found = re.search(rb"/" + name + rb" (\d+) 0 R", body)
    assert found is not None, name
    return int(found[1])


def _stream(body: bytes) -> bytes:
    raw = body.partition(b"stream")[2].strip(b"\r\n").rpartition(b"endstream")[0].strip()
    raw = a85decode(raw.removesuffix(b"~>")) if b"/ASCII85Decode" in body else raw
    return zlib.decompress(raw) if b"/FlateDecode" in body else raw


def _text(content: bytes, maps: dict[bytes, dict[int, str]]) -> str:
    said, letters = [], {}
    for found in SHOWN.finditer(content):
        if found["text"] is None:
            letters = maps[found[1]]
        else:
            said.append("".join(letters.get(code, "�") for code in _unescaped(found["text"])))
    return "\n".join(said)


def _unescaped(text: bytes) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        code = found[1]
        return bytes([int(code, 8)]) if code.isdigit() else ESCAPES.get(code, code)

    return re.sub(rb"\\([0-7]{1,3}|.)", one, text, flags=re.S)
