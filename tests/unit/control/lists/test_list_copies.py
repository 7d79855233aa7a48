"""A list's bytes on their way to the disk."""

import hashlib
from pathlib import Path

import pytest
from packing import ENCODINGS, pack

from sinkhole.control.lists.intake import Intake, Received
from sinkhole.control.lists.unpack import unpacker_for
from sinkhole.control.settings.units import Size
from sinkhole.model.errors import ListError

TEXT = b"# hosts\n" + b"".join(b"0.0.0.0 ads%d.example.org\n" % n for n in range(1000))


def take(path: Path, *pieces: bytes, limit: int = 1 << 20, encoding: str = "") -> Received:
    intake = Intake("Test", path, limit, unpacker_for(encoding))
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


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_packed_text_is_unpacked_and_hashed_like_the_text(tmp_path: Path, encoding: str) -> None:
    packed = pack(encoding, TEXT)
    received = take(tmp_path / "a", packed[:7], packed[7:50], packed[50:], encoding=encoding)
    assert received == take(tmp_path / "b", TEXT)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_packed_data_that_ends_too_early_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(ListError, match="cut off"):
        take(tmp_path / "part", pack(encoding, TEXT)[:-9], encoding=encoding)


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = bytearray(pack("gzip", TEXT))
    packed[-5] ^= 1  # in the checksum
    with pytest.raises(ListError, match="damaged"):
        take(tmp_path / "part", bytes(packed), encoding="gzip")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_text_that_claims_to_be_packed_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(ListError, match="damaged"):
        take(tmp_path / "part", TEXT, encoding=encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_small_file_that_unpacks_to_a_huge_one_stops_at_the_limit(
    tmp_path: Path, encoding: str
) -> None:
    bomb = pack(encoding, b"a" * (64 << 20))
    with pytest.raises(ListError, match="max_list_size"):
        take(tmp_path / "part", bomb, limit=1 << 20, encoding=encoding)
    assert (tmp_path / "part").stat().st_size <= 1 << 20


def test_the_limit_is_told_as_it_is_written_in_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"max_list_size \(1KiB\)"):
        take(tmp_path / "part", TEXT, limit=Size.parse("1KiB"))


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
