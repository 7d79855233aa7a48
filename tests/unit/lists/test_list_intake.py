"""A list's bytes on their way to the disk."""

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.errors import ListError
from sinkhole.lists.intake import PIECE_SIZE, Intake, Received, _Gunzip

TEXT = b"# hosts\n" + b"".join(b"0.0.0.0 ads%d.example.org\n" % n for n in range(1000))


def take(path: Path, *pieces: bytes, limit: int = 1 << 20, gzipped: bool = False) -> Received:
    intake = Intake("Test", path, limit, gzipped=gzipped)
    try:
        for piece in pieces:
            intake.feed(piece)
        return intake.finish()
    finally:
        intake.close()


def test_text_is_written_as_it_came_and_hashed(tmp_path: Path) -> None:
    received = take(tmp_path / "part", TEXT[:10], TEXT[10:])
    assert (tmp_path / "part").read_bytes() == TEXT
    assert received == Received(len(TEXT), hashlib.blake2b(TEXT, digest_size=16).hexdigest())


def test_gzip_is_unpacked_and_hashed_like_the_text(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT)
    received = take(tmp_path / "a", packed[:7], packed[7:50], packed[50:], gzipped=True)
    assert received == take(tmp_path / "b", TEXT)


def test_gzip_in_several_members_is_one_text(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT) + gzip.compress(TEXT)
    assert take(tmp_path / "part", packed, gzipped=True).size_bytes == 2 * len(TEXT)


def test_gzip_that_unpacks_to_exactly_full_pieces_is_whole(tmp_path: Path) -> None:
    text = b"a" * (2 * PIECE_SIZE)
    received = take(tmp_path / "part", gzip.compress(text), gzipped=True)
    assert received.size_bytes == len(text)


@given(text=st.binary(max_size=2000), cut=st.integers(1, 400), copies=st.integers(1, 400))
@settings(deadline=None, max_examples=60)
def test_unpacking_gives_back_what_was_packed_however_it_arrives(
    text: bytes, cut: int, copies: int
) -> None:
    """Unpacking in pieces equals the text; it has ended exactly when the last byte is in."""
    whole = text * copies
    packed = gzip.compress(whole)
    unpacker = _Gunzip()
    found = b""
    for start in range(0, len(packed), cut):
        pieces = list(unpacker.pieces(packed[start : start + cut]))
        assert all(0 < len(piece) <= PIECE_SIZE for piece in pieces)
        found += b"".join(pieces)
        assert unpacker.ended == (start + cut >= len(packed))
    assert found == whole


def test_gzip_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="cut off"):
        take(tmp_path / "part", gzip.compress(TEXT)[:-9], gzipped=True)


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-5] ^= 1  # in the checksum
    with pytest.raises(ListError, match="damaged"):
        take(tmp_path / "part", bytes(packed), gzipped=True)


def test_text_that_claims_to_be_gzip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="damaged"):
        take(tmp_path / "part", TEXT, gzipped=True)


def test_a_small_file_that_unpacks_to_a_huge_one_stops_at_the_limit(tmp_path: Path) -> None:
    bomb = gzip.compress(b"a" * (64 << 20))
    with pytest.raises(ListError, match="max_list_size"):
        take(tmp_path / "part", bomb, limit=1 << 20, gzipped=True)
    assert (tmp_path / "part").stat().st_size <= 1 << 20


def test_more_than_the_limit_is_refused_and_the_limit_itself_is_not(tmp_path: Path) -> None:
    assert take(tmp_path / "a", TEXT, limit=len(TEXT)).size_bytes == len(TEXT)
    with pytest.raises(ListError, match="max_list_size"):
        take(tmp_path / "b", TEXT, limit=len(TEXT) - 1)


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><title>Sign in</title>",
        b"\xef\xbb\xbf\n\n<HTML lang=en>",
        b"<!-- a comment\n of\n many\n lines -->\n" + b" " * 500 + b"<html>",
    ],
)
def test_a_web_page_is_refused_however_it_arrives(tmp_path: Path, page: bytes) -> None:
    with pytest.raises(ListError, match="web page"):
        take(tmp_path / "whole", page)
    with pytest.raises(ListError, match="web page"):
        take(tmp_path / "bytes", *(page[i : i + 1] for i in range(len(page))))


@pytest.mark.parametrize(
    "data",
    [b"example.org\n" * 500 + b"\0", b"\x1f\x8b\x08example", b"PK\x03\x04example", b"\x7fELF\x02"],
)
def test_what_is_not_text_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ListError, match="not text"):
        take(tmp_path / "part", data)


def test_text_in_other_alphabets_and_old_line_ends_is_text(tmp_path: Path) -> None:
    data = "# Gemüse, овощи\r\nexample.org\t\f\r\n\x1a".encode()
    assert take(tmp_path / "part", data).size_bytes == len(data)


@pytest.mark.parametrize("pieces", [[], [b""], [b" \r\n", b"\t\n"]])
def test_an_empty_list_is_refused(tmp_path: Path, pieces: list[bytes]) -> None:
    with pytest.raises(ListError, match="empty"):
        take(tmp_path / "part", *pieces)


def test_an_existing_file_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "part").write_text("something else")
    with pytest.raises(FileExistsError):
        take(tmp_path / "part", TEXT)
