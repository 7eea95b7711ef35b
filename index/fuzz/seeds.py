"""Writes what the targets begin with, taken from the fixtures: whole files, content streams and CMaps."""

import hashlib
import pathlib
import re
import zlib

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent.parent / "fixtures"
STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
# A longer file is read too slowly to be changed in many ways.
LARGEST_FILE = 32 << 10
LARGEST_STREAM = 4 << 10


def keep(target: str, seed: bytes) -> None:
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


def unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return stream


for path in sorted(FIXTURES.rglob("*.pdf")):
    content = path.read_bytes()
    if len(content) <= LARGEST_FILE:
        keep("file", content)
    for stream in STREAM.findall(content):
        stream = unpacked(stream)[:LARGEST_STREAM]
        if b"begincmap" in stream or b"beginbf" in stream:
            keep("cmap", stream)
        elif b" Tf" in stream:
            keep("content", stream)
for path in (HERE / "regressions").rglob("*"):
    if path.is_file():
        keep(path.parent.name, path.read_bytes())
