"""Unpacking a compressed list piece by piece, each piece of bounded size.

Whatever a few bytes unpack to, no more than PIECE_SIZE of it is in memory at once: the taker
counts what comes, and stops at its limit. Brotli and Zstandard need libraries that not every
machine has; an encoding without its library is not offered to servers.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, Protocol

PIECE_SIZE: Final = 256 * 1024

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS  # zlib's way of saying "with a gzip header"
_ZSTD_WINDOW_LOG: Final = 23  # the most a server may ask of us: 8 MiB (RFC 9659 §3)


class DamagedError(Exception):
    """Compressed data that can't be unpacked; the text says why."""


class Unpacker(Protocol):
    """Unpacks one body."""

    @property
    def ended(self) -> bool:
        """Whether the data so far ends where compressed data may end."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What `data` unpacks to, at most PIECE_SIZE bytes at a time; DamagedError if damaged."""


class _Gzip:
    """RFC 1952; several members may follow one another."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._fresh = True

    @property
    def ended(self) -> bool:
        return self._fresh  # the checksum of the member before was right

    def pieces(self, data: bytes) -> Iterator[bytes]:
        more = bool(data)
        while more:
            try:
                piece = self._member.decompress(data, PIECE_SIZE)
            except zlib.error as error:
                raise DamagedError(f"the gzip compression is damaged: {error}") from error
            self._fresh = False
            data = self._member.unconsumed_tail
            if piece:
                yield piece
            if self._member.eof:
                data = self._member.unused_data
                self._member = zlib.decompressobj(_GZIP_WINDOW)
                self._fresh = True
            # A full piece may leave output waiting inside zlib although all input is taken.
            more = bool(data) or (len(piece) == PIECE_SIZE and not self._fresh)


class _Brotli:
    """RFC 7932. The library's limit is where its buffer stops growing, so pieces are cut again."""

    def __init__(self) -> None:
        self._library = _brotli()
        self._stream = self._library.Decompressor()

    @property
    def ended(self) -> bool:
        return bool(self._stream.is_finished())

    def pieces(self, data: bytes) -> Iterator[bytes]:
        more = bool(data)
        while more:
            if self.ended:
                raise DamagedError("the brotli compression is damaged: data after its end")
            try:
                piece = self._stream.process(data, output_buffer_limit=PIECE_SIZE)
            except self._library.error as error:
                raise DamagedError("the brotli compression is damaged") from error
            data = b""
            for start in range(0, len(piece), PIECE_SIZE):
                yield piece[start : start + PIECE_SIZE]
            # After a full piece more output may wait although all input is taken, as with zlib.
            full = len(piece) >= PIECE_SIZE and not self.ended
            more = full or not self._stream.can_accept_more_data()


class _Zstd:
    """RFC 8878; several frames may follow one another."""

    def __init__(self) -> None:
        self._library = _zstd()
        self._frame = self._new_frame()
        self._fresh = True

    @property
    def ended(self) -> bool:
        return self._fresh

    def pieces(self, data: bytes) -> Iterator[bytes]:
        more = bool(data)
        while more:
            try:
                piece = self._frame.decompress(data, PIECE_SIZE)
            except self._library.ZstdError as error:
                raise DamagedError(f"the zstd compression is damaged: {error}") from error
            self._fresh, data = False, b""
            if piece:
                yield piece
            if self._frame.eof:
                data = self._frame.unused_data
                self._frame, self._fresh = self._new_frame(), True
            more = bool(data) or not (self._fresh or self._frame.needs_input)

    def _new_frame(self) -> Any:
        limit = {self._library.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
        return self._library.ZstdDecompressor(options=limit)


@cache
def _zstd() -> Any:
    """The library, which newer versions of Python bring along; None where there is none."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


@cache
def _brotli() -> Any:
    """The library, None where there is none, or one before 1.2: it could not stop a bomb."""
    try:
        library: Any = import_module("brotli")
    except ImportError:
        return None
    return library if hasattr(library.Decompressor, "can_accept_more_data") else None


@cache
def unpackers() -> Mapping[str, Callable[[], Unpacker]]:
    """What can be unpacked here by the name of its coding (RFC 9110 §8.4.1), best first."""
    found: dict[str, Callable[[], Unpacker]] = {}
    if _zstd():
        found["zstd"] = _Zstd
    if _brotli():
        found["br"] = _Brotli
    return MappingProxyType(found | {"gzip": _Gzip})


def unpacker_for(encoding: str) -> Unpacker | None:
    """What unpacks a Content-Encoding, None where nothing is packed; KeyError if unknown here."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    return unpackers()["gzip" if encoding == "x-gzip" else encoding]()
