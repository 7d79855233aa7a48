"""Unpacking: the same text however it arrives, pieces of bounded size, and damage that is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packing import ENCODINGS, pack

from sinkhole.control.lists import unpack
from sinkhole.control.lists.unpack import PIECE_SIZE, DamagedError, unpacker_for, unpackers

TEXT = b"".join(b"0.0.0.0 ads%d.example.org\n" % n for n in range(1000))


def unpacked(encoding: str, *chunks: bytes) -> tuple[bytes, bool]:
    unpacker = unpacker_for(encoding)
    assert unpacker is not None
    pieces = [piece for chunk in chunks for piece in unpacker.pieces(chunk)]
    assert all(0 < len(piece) <= PIECE_SIZE for piece in pieces)
    return b"".join(pieces), unpacker.ended


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=st.binary(max_size=2000), cut=st.integers(1, 400), copies=st.integers(1, 400))
@settings(deadline=None, max_examples=40)
def test_unpacking_gives_back_what_was_packed_however_it_arrives(
    encoding: str, text: bytes, cut: int, copies: int
) -> None:
    """Unpacking in pieces equals the text; it has ended exactly when the last byte is in."""
    packed = pack(encoding, text * copies)
    chunks = [packed[start : start + cut] for start in range(0, len(packed), cut)]
    assert unpacked(encoding, *chunks) == (text * copies, True)
    assert not unpacked(encoding, packed[:-1])[1]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size", [PIECE_SIZE - 1, PIECE_SIZE, PIECE_SIZE + 1, 3 * PIECE_SIZE])
def test_full_pieces_lose_nothing(encoding: str, size: int) -> None:
    assert unpacked(encoding, pack(encoding, b"a" * size)) == (b"a" * size, True)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(data=st.binary(min_size=1, max_size=300))
@settings(deadline=None, max_examples=60)
def test_any_bytes_are_unpacked_or_said_to_be_damaged(encoding: str, data: bytes) -> None:
    """No other exception leaves, whatever a server sends."""
    try:
        unpacked(encoding, data)
    except DamagedError as error:
        assert "compression is damaged" in str(error)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_follows_the_end_is_damage(encoding: str) -> None:
    with pytest.raises(DamagedError):
        unpacked(encoding, pack(encoding, TEXT) + b"and more")


@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != "br"])
def test_several_in_a_row_are_one_text(encoding: str) -> None:
    assert unpacked(encoding, pack(encoding, TEXT) * 2) == (TEXT * 2, True)


def test_zstd_that_wants_more_memory_than_its_rfc_allows_is_refused() -> None:
    if "zstd" not in unpackers():
        pytest.skip("no library for zstd on this machine")
    wants_128_mib = b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([17 << 3])
    with pytest.raises(DamagedError, match="damaged"):
        unpacked("zstd", wants_128_mib + b"\x01\x00\x00")


@pytest.mark.parametrize("encoding", ["", " identity ", "IDENTITY"])
def test_what_is_not_packed_needs_no_unpacker(encoding: str) -> None:
    assert unpacker_for(encoding) is None


@pytest.mark.parametrize("encoding", ["deflate", "gzip, br", "compress"])
def test_what_nobody_asked_for_is_unknown(encoding: str) -> None:
    with pytest.raises(KeyError):
        unpacker_for(encoding)


def test_the_old_name_of_gzip_is_known() -> None:
    assert unpacked("x-gzip", pack("gzip", TEXT)) == (TEXT, True)


def test_without_its_library_an_encoding_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "_zstd", lambda: None)
    monkeypatch.setattr(unpack, "_brotli", lambda: None)
    assert list(unpackers.__wrapped__()) == ["gzip"]
