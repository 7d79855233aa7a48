"""Packing, for tests of unpacking: in every encoding that can be unpacked on this machine."""

from __future__ import annotations

import gzip
from importlib import import_module

from sinkhole.control.lists.unpack import unpackers

ENCODINGS = tuple(unpackers())


def pack(encoding: str, data: bytes) -> bytes:
    """`data` as a server sends it under this Content-Encoding."""
    if encoding == "gzip":
        return gzip.compress(data, compresslevel=1)
    if encoding == "br":
        return bytes(import_module("brotli").compress(data, quality=4))
    try:
        library = import_module("compression.zstd")
    except ImportError:
        library = import_module("backports.zstd")
    return bytes(library.compress(data))
