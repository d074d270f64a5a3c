"""The text of a PDF, as Typst writes it."""

import re
import zlib

OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
# Parentheses that come in pairs need not be escaped.
STRING = re.compile(rb"\(((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*)\)", re.DOTALL)
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(file: bytes) -> str:
    """What one reads in a PDF: its fonts number their glyphs, and say which letters these are (ISO 32000-1, 9.10)."""
    objects = {int(number): body for number, body in OBJECT.findall(file)}
    streams = {number: _stream(body) for number, body in objects.items() if b"FlateDecode" in body}
    named = re.findall(rb"/(f\d+) (\d+) 0 R", b"".join(objects.values()))
    fonts = {name: re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)]) for name, number in named}
    letters = {
        name: {
            bytes.fromhex(glyph.decode()): bytes.fromhex(letter.decode()).decode("utf-16-be")
            for glyph, letter in re.findall(rb"<(\w{4})> <(\w+)>", streams[int(found[1])])
        }
        for name, found in fonts.items()
        if found
    }
    told = []
    for shown in (each for each in streams.values() if b"\nBT" in each):
        for name, glyphs in re.findall(rb"/(f\d+) [\d.]+ Tf[^(]*(.*?)T[jJ]\n", shown, re.DOTALL):
            said = b"".join(map(_unescaped, STRING.findall(glyphs)))
            told.append("".join(letters[name].get(said[at : at + 2], "?") for at in range(0, len(said), 2)))
    return "\n".join(told)


def _stream(body: bytes) -> bytes:
    return zlib.decompress(body[body.index(b"stream\n") + len(b"stream\n") :].removesuffix(b"\nendstream"))


def _unescaped(text: bytes) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        said = found[1]
        return bytes([int(said, 8)]) if said.isdigit() else ESCAPES.get(said, said)

    return re.sub(rb"\\(\d{1,3}|.)", one, text, flags=re.DOTALL)
