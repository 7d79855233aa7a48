"""Unpacking: the same text however it arrives, pieces of bounded size, and damage that is told."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.lists.gunzip import ACCEPTED, PIECE_SIZE, Gunzip, GzipError, gunzip_for

TEXT = b"".join(b"0.0.0.0 ads%d.example.org\n" % n for n in range(1000))


def unpacked(*chunks: bytes) -> tuple[bytes, bool]:
    gunzip = Gunzip()
    pieces = [piece for chunk in chunks for piece in gunzip.pieces(chunk)]
    assert all(0 < len(piece) <= PIECE_SIZE for piece in pieces)
    return b"".join(pieces), gunzip.ended


@given(text=st.binary(max_size=2000), cut=st.integers(1, 400), copies=st.integers(1, 400))
@settings(deadline=None, max_examples=40)
def test_unpacking_gives_back_what_was_packed_however_it_arrives(
    text: bytes, cut: int, copies: int
) -> None:
    """Unpacking in pieces equals the text; it has ended exactly when the last byte is in."""
    packed = gzip.compress(text * copies)
    chunks = [packed[start : start + cut] for start in range(0, len(packed), cut)]
    assert unpacked(*chunks) == (text * copies, True)
    assert not unpacked(packed[:-1])[1]


@pytest.mark.parametrize("size", [PIECE_SIZE - 1, PIECE_SIZE, PIECE_SIZE + 1, 3 * PIECE_SIZE])
def test_full_pieces_lose_nothing(size: int) -> None:
    assert unpacked(gzip.compress(b"a" * size)) == (b"a" * size, True)


@given(data=st.binary(min_size=1, max_size=300))
@settings(deadline=None, max_examples=60)
def test_any_bytes_are_unpacked_or_said_to_be_damaged(data: bytes) -> None:
    """No other exception leaves, whatever a server sends."""
    try:
        unpacked(data)
    except GzipError as error:
        assert "compression is damaged" in str(error)


def test_what_follows_the_end_is_damage() -> None:
    with pytest.raises(GzipError):
        unpacked(gzip.compress(TEXT) + b"and more")


def test_several_in_a_row_are_one_text() -> None:
    assert unpacked(gzip.compress(TEXT) * 2) == (TEXT * 2, True)


def test_nothing_at_all_has_ended() -> None:
    assert unpacked() == unpacked(b"") == (b"", True)


@pytest.mark.parametrize("encoding", ["", " identity ", "IDENTITY"])
def test_what_is_not_packed_needs_no_unpacking(encoding: str) -> None:
    assert gunzip_for(encoding) is None


@pytest.mark.parametrize("encoding", ["deflate", "gzip, br", "compress", "br", "zstd"])
def test_what_nobody_asked_for_is_an_error(encoding: str) -> None:
    with pytest.raises(ValueError, match=f"not asked for: {encoding}"):
        gunzip_for(encoding)


@pytest.mark.parametrize("encoding", [ACCEPTED, " GZIP", "x-gzip"])
def test_gzip_is_known_by_its_old_name_too(encoding: str) -> None:
    assert isinstance(gunzip_for(encoding), Gunzip)
